"""Send something once more, or for a try."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import EndpointOff
from accounts.models import Account, WebhookDelivery, WebhookEndpoint, WebhookEvent
from accounts.webhooks.catalog import TEST
from accounts.webhooks.emit_events import ring_for
from accounts.webhooks.queries import given_up_of

MOST_RINGS = 500


@transaction.atomic
def send_test(*, account: Account, endpoint: WebhookEndpoint, actor: Actor, at: datetime) -> WebhookDelivery:
    """An event without meaning, to this endpoint only. Raises EndpointOff."""
    if endpoint.disabled_at is not None:
        raise EndpointOff
    event = WebhookEvent.objects.create(
        account=account, type=TEST, at=at, data={"endpoint": {"id": endpoint.public_id}}, sequence=0
    )
    row = WebhookDelivery.objects.create(account=account, endpoint=endpoint, event=event, next_try_at=at)
    record_audit(account=account, actor=actor, action="webhook.tested", target=endpoint.public_id, summary=endpoint.url)
    ring_for([row.pk])
    return row


@transaction.atomic
def replay_delivery(*, account: Account, delivery: WebhookDelivery, actor: Actor, at: datetime) -> WebhookDelivery:
    """Send it anew, delivered or given up, with the same `webhook-id`. One that waits is sent at once.

    Raises EndpointOff.
    """
    row = (
        WebhookDelivery.objects.select_for_update(of=("self",))
        .select_related("endpoint", "event")
        .get(account=account, pk=delivery.pk)
    )
    if row.endpoint.disabled_at is not None:
        raise EndpointOff
    row.sent_at, row.given_up_at, row.tries, row.next_try_at = None, None, 0, at
    row.save(update_fields=["sent_at", "given_up_at", "tries", "next_try_at"])
    record_audit(
        account=account,
        actor=actor,
        action="webhook.replayed",
        target=row.public_id,
        summary=row.event.type,
        event=row.event.public_id,
    )
    ring_for([row.pk])
    return row


@transaction.atomic
def replay_missed(
    *, account: Account, endpoint: WebhookEndpoint, since: datetime | None, actor: Actor, at: datetime
) -> int:
    """Send anew what was given up, of events since then or of all in the log; returns how many. Raises EndpointOff.

    Those beyond the first bells are rung for by the sweep.
    """
    locked = WebhookEndpoint.objects.select_for_update(no_key=True).get(account=account, pk=endpoint.pk)
    if locked.disabled_at is not None:
        raise EndpointOff
    missed = given_up_of(locked, since=since)
    ids = list(missed.order_by("pk").values_list("pk", flat=True))
    if not ids:
        return 0
    # Asked again for each row: one of them may have been replayed by itself meanwhile.
    count = missed.filter(pk__in=ids).update(given_up_at=None, tries=0, next_try_at=at)
    record_audit(
        account=account,
        actor=actor,
        action="webhook.missed_replayed",
        target=locked.public_id,
        summary=locked.url,
        events=count,
    )
    ring_for(ids[:MOST_RINGS])
    return count
