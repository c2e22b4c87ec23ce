"""Tell an account's own systems what just happened, in the transaction in which it does."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from accounts.models import Account, Invitation, Membership, WebhookDelivery, WebhookEndpoint, WebhookEvent
from accounts.webhooks.catalog import KINDS
from seatportal.kit.ids import public_id
from seatportal.kit.queue import ring


class Told(NamedTuple):
    """One event: its type, and data of that type's shape."""

    type: str
    data: dict[str, Any]


def endpoints_on(account: Account) -> QuerySet[WebhookEndpoint]:
    """Those that are told what happens."""
    return WebhookEndpoint.objects.filter(account=account, disabled_at__isnull=True)


def emit_events(*, account: Account, events: Iterable[Told], at: datetime) -> int:
    """Write events and their deliveries, and ring for them after commit; returns how many events were written.

    Call it in the transaction of what they tell, so that both stand or fall together. An account without endpoints
    costs one query and writes nothing; endpoints that are off get nothing.
    """
    told = list(events)
    if not told:
        return 0
    endpoints = list(endpoints_on(account).order_by("pk"))
    if not endpoints:
        return 0
    rows = WebhookEvent.objects.bulk_create(
        # Also what no endpoint asks for is numbered, so that each account has one order.
        WebhookEvent(public_id=public_id("evt"), account=account, type=_known(one.type), at=at, data=one.data)
        for one in told
    )
    deliveries = WebhookDelivery.objects.bulk_create(
        WebhookDelivery(account=account, endpoint=endpoint, event=event, next_try_at=at)
        for event in rows
        for endpoint in endpoints
        if not endpoint.events or event.type in endpoint.events
    )
    # An endpoint that fails is tried one delivery at a time, by the sweep, so that it never holds up the others'.
    well = {endpoint.pk for endpoint in endpoints if endpoint.failing_since is None}
    ids = [row.pk for row in deliveries if row.endpoint_id in well]
    ring_for(ids)
    return len(rows)


def emit_event(*, account: Account, kind: str, data: dict[str, Any], at: datetime) -> None:
    """One event; see emit_events."""
    emit_events(account=account, events=[Told(kind, data)], at=at)


def ring_for(deliveries: Iterable[int]) -> None:
    """Ask workers to send these, after commit."""
    for pk in deliveries:
        ring("accounts.deliver_webhook", delivery_id=pk)


def member_data(member: Membership) -> dict[str, Any]:
    """A person, as every event names one."""
    return {
        "id": member.public_id,
        "email": member.user.email,
        "name": member.user.get_full_name(),
        "external_id": member.external_id or None,
    }


def invitation_data(invitation: Invitation) -> dict[str, Any]:
    """Somebody who is not in the account yet."""
    return {"id": invitation.public_id, "email": invitation.email}


def _known(type_: str) -> str:
    """A type that nobody described would reach customers undocumented. Raises KeyError."""
    if type_ not in KINDS:
        raise KeyError(type_)
    return type_
