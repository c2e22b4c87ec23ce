"""Events: which we hear, and those that were missed."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import batched, count
from typing import Any, cast

from billing.gateway import convert
from billing.gateway.client import Client
from billing.gateway.contract import RemoteEvent
from seatportal.kit.clock import to_unix

# What moves our mirror; the endpoint subscribes to exactly these (payments.md §6).
EVENT_KINDS = (
    "charge.refund.updated",
    "checkout.session.completed",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.voided",
    "refund.failed",
    "refund.updated",
    "subscription_schedule.released",
    "subscription_schedule.updated",
)
# Stripe takes no more kinds in one call.
MOST_KINDS = 20


class Events(Client):
    """Events: which we hear, and those that were missed."""

    def events_since(
        self, since: datetime, *, kinds: Sequence[str] = EVENT_KINDS, pages: int | None = None
    ) -> Iterator[RemoteEvent]:
        """Events of the given kinds since a moment, newest first within each twenty kinds; at most so many pages."""
        for few in batched(kinds, MOST_KINDS, strict=False):
            yield from self._events(since, few, pages)

    def _events(self, since: datetime, kinds: Sequence[str], pages: int | None) -> Iterator[RemoteEvent]:
        after = ""
        for read in count(1):
            params: dict[str, Any] = {"created": {"gte": to_unix(since)}, "types": list(kinds), "limit": 100}
            if after:
                params["starting_after"] = after
            page = self._read(lambda: self._reader.v1.events.list(cast(Any, params)))  # noqa: B023  called at once
            yield from (convert.event(row) for row in page["data"])
            if not page["has_more"] or read == pages:
                return
            after = page["data"][-1]["id"]
