"""Our own code made wrong on purpose, in the children's memory. A matrix that lets one live proves nothing."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pkgutil import resolve_name
from typing import Any

from django.db import transaction

from billing.models import QuantityChange, StripeEvent, Subscription, SubscriptionItem
from seatportal.matrix.cuts import GATEWAY
from seatportal.matrix.processes import Cut
from seats.capacity.record_purchase import record_purchase


@dataclass(frozen=True)
class Mutant:
    """One mistake. `aimed` are scenarios to try first; if they pass, the whole slice is tried."""

    name: str
    mistake: str
    cut: Cut
    aimed: tuple[str, ...]


def replace(place: str, name: str, made: Callable[[Any], Any]) -> Cut:
    """A cut that puts made(real) in the place of real."""
    return lambda: setattr(resolve_name(place), name, made(getattr(resolve_name(place), name)))


def _fresh_key(real: Any) -> Any:
    return lambda self, subscription, params, *, key: real(
        self, subscription, params, key=f"{key}:{secrets.token_hex(4)}"
    )


def _relative(real: Any) -> Any:
    def send(self: Any, subscription: str, params: dict[str, Any], *, key: str) -> None:
        change = QuantityChange.objects.get(idempotency_key=key)
        now = next(i.quantity for i in self.subscription(subscription).items if i.id == change.item_stripe_id)
        items = [{"id": change.item_stripe_id, "quantity": now + change.added}]
        real(self, subscription, {**params, "items": items}, key=key)

    return send


def _grant_at_click(real: Any) -> Any:
    @transaction.atomic
    def accept(**values: Any) -> QuantityChange:
        change: QuantityChange = real(**values)
        record_purchase(
            account=change.account, kind="bought", before=change.base_quantity, after=change.target_quantity,
            change=change, invoice_stripe_id="", actor=change.user, reason="", at=values["at"],
        )  # fmt: skip
        return change

    return accept


def _timeout_is_failure(real: Any) -> Any:
    doubt, no = resolve_name("billing.gateway.contract:InDoubt"), resolve_name("billing.gateway.contract:Refused")

    def send(*args: Any, **kwargs: Any) -> None:
        try:
            real(*args, **kwargs)
        except doubt as error:
            raise no(str(error)) from error

    return send


def _no_read_before_replay(real: Any) -> Any:
    item_of = resolve_name("billing.gateway.contract:RemoteItem")
    subscription_of = resolve_name("billing.gateway.contract:RemoteSubscription")
    replayed: set[int] = set()

    def read(change: QuantityChange, at: datetime) -> Any:
        if not change.calls or change.pk in replayed or change.state == QuantityChange.State.AWAITING_PAYMENT:
            return real(change, at)
        replayed.add(change.pk)
        row = change.subscription
        item = item_of(change.item_stripe_id, change.price_stripe_id, change.base_quantity, at, at)
        return subscription_of(
            id=row.stripe_id, customer_id="", status="active", currency=row.currency, collection_method="",
            billing_mode="", livemode=False, items=(item,), started_at=None, ended_at=None, cancel_at=None,
            trial_end=None, paused=False, schedule_id="", metadata={}, pending_metadata=None, pending_expires_at=None,
            latest_invoice=None, card=None,
        )  # fmt: skip

    return read


def _trust_the_payload(_real: Any) -> Any:
    def follow(reading: Any, events: list[StripeEvent]) -> None:
        for event in events:
            row = Subscription.objects.filter(stripe_id=event.object_id).first()
            if row is None:
                if event.kind.startswith("invoice."):
                    reading._invoice(event.object_id)
                continue
            told = event.payload["data"]["object"]
            item = told["items"]["data"][0]
            known = SubscriptionItem.objects.get(stripe_id=item["id"])
            if known.quantity != item["quantity"]:
                before = known.quantity
                SubscriptionItem.objects.filter(pk=known.pk).update(quantity=item["quantity"])
                with transaction.atomic():
                    record_purchase(
                        account=row.account, kind="external", before=before, after=item["quantity"], change=None,
                        invoice_stripe_id="", actor=None, reason="", at=reading.at,
                    )  # fmt: skip
            Subscription.objects.filter(pk=row.pk).update(status=told["status"], synced_at=reading.at)

    return follow


MUTANTS: tuple[Mutant, ...] = (
    Mutant("fresh-key", "every try has a new key", replace(GATEWAY, "update_subscription", _fresh_key),
           ("F4/ok/late",)),
    Mutant("relative-quantity", "what is there now, plus what was bought",
           replace(GATEWAY, "update_subscription", _relative), ("F25.between/ok/late",)),
    Mutant("grant-at-click", "seats before the money",
           replace("billing.changes.buy_quote", "accept_quote", _grant_at_click),
           ("F15/declined/late",)),
    Mutant("timeout-is-failure", "no answer is taken for a no",
           replace(GATEWAY, "update_subscription", _timeout_is_failure), ("F4/ok/late",)),
    Mutant("no-recovery", "nobody looks after what a crash left",
           replace("seatportal.matrix.stage", "finish_open_changes", lambda _real: lambda **_: 0), ("F1/ok/lost",)),
    Mutant("unfenced-refresh", "a slow read may overwrite a newer one",
           replace("billing.mirror.refresh", "raise_fences", lambda _real: lambda *_: {}), ("F28/ok/late",)),
    Mutant("no-read-before-replay", "recovery sends without looking",
           replace("billing.changes.finish_change", "_read", _no_read_before_replay), ("F26/ok/late",)),
    Mutant("trust-the-payload", "an event's content is copied",
           replace("billing.inbox.read_again:Reading", "follow", _trust_the_payload), ("F20/ok/reversed",)),
)  # fmt: skip

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
