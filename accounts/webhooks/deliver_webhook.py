"""Send one event to one endpoint: claimed first, so that two workers never send it both; noted after the answer."""

import json
from datetime import datetime

import structlog
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from accounts.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookStream
from accounts.webhooks.emit_events import ring_for
from accounts.webhooks.rules import FAILS_FOR, GONE, LEASE, next_try, payload_of, secrets_at
from accounts.webhooks.switch_endpoint import switch_off
from seatportal.kit.outgoing import Answer, NoAnswer, NotAllowed, post
from seatportal.kit.signing import signed_headers

log = structlog.get_logger(__name__)

By = WebhookEndpoint.DisabledBy
# Deliveries that one sweep rings for.
MOST_RINGS = 500


def deliver_webhook(*, delivery_id: int, at: datetime) -> bool:
    """Send it if it is due; returns whether it was taken. Safe to run twice at once.

    A process that dies between the other side's answer and ours sends it again, with the same `webhook-id`.
    """
    row = _due(at).filter(pk=delivery_id).select_related("event__account", "endpoint").first()
    if row is None or not _claim(row, at):
        return False
    if row.event.sequence is None:
        number_events(account_id=row.account_id)
        row.event.refresh_from_db(fields=["sequence"])
    answer, error = _send(row, at)
    return _note(row, answer, error, at)


def _claim(row: WebhookDelivery, at: datetime) -> bool:
    # One row by its own columns, so that of two at once the second judges what the first has written.
    free = WebhookDelivery.objects.filter(
        pk=row.pk, tries=row.tries, leased_until=row.leased_until, sent_at__isnull=True, given_up_at__isnull=True
    )
    return bool(free.update(tries=row.tries + 1, leased_until=at + LEASE, tried_at=at))


def number_events(*, account_id: int) -> int:
    """Give an account's new events their places; returns how many got one.

    Not in the transaction of the fact: numbers would make everything in an account wait for everything else. Two facts
    of which one followed the other are numbered so, for the second was written after the first was committed.
    """
    with transaction.atomic():
        stream = WebhookStream.objects.select_for_update().get(account_id=account_id)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_webhookevent e SET sequence = %s + n.place FROM ("
                " SELECT id, row_number() OVER (ORDER BY id) AS place FROM accounts_webhookevent"
                " WHERE account_id = %s AND sequence IS NULL) AS n WHERE e.id = n.id",
                [stream.last, account_id],
            )
            count = int(cursor.rowcount)
        WebhookStream.objects.filter(pk=stream.pk).update(last=F("last") + count)
    return count


def ring_waiting_webhooks(*, at: datetime) -> int:
    """Ring for deliveries whose bell was lost or whose time has come; returns how many.

    Of an endpoint that fails only the one that waits longest: it says whether the others make sense.
    """
    due = _due(at)
    well = due.filter(endpoint__failing_since__isnull=True).order_by("next_try_at", "pk")
    failing = due.filter(endpoint__failing_since__isnull=False)
    probes = failing.order_by("endpoint_id", "next_try_at", "pk").distinct("endpoint_id")
    ids = [pk for rows in (well, probes) for pk in rows.values_list("pk", flat=True)[:MOST_RINGS]]
    ring_for(ids)
    return len(ids)


def _due(at: datetime) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(
        Q(leased_until__isnull=True) | Q(leased_until__lte=at),
        sent_at__isnull=True,
        given_up_at__isnull=True,
        next_try_at__lte=at,
        endpoint__disabled_at__isnull=True,
    )


def _send(row: WebhookDelivery, at: datetime) -> tuple[Answer | None, str]:
    body = body_of(row.event)
    headers = signed_headers(secrets=secrets_at(row.endpoint, at), message_id=row.event.public_id, at=at, body=body)
    try:
        answer = post(row.endpoint.url, body=body, headers=headers)
    except NotAllowed as refusal:
        return None, f"This address may not be called ({refusal.reason})."
    except NoAnswer as error:
        return None, str(error)[:200]
    return answer, "" if answer.is_success else f"HTTP {answer.status}"


def body_of(event: WebhookEvent) -> bytes:
    """The bytes that are signed and sent."""
    return json.dumps(payload_of(event), separators=(",", ":")).encode()


@transaction.atomic
def _note(row: WebhookDelivery, answer: Answer | None, error: str, at: datetime) -> bool:
    tries = row.tries + 1
    WebhookAttempt.objects.create(
        delivery=row,
        at=at,
        status=answer.status if answer else None,
        milliseconds=answer.milliseconds if answer else None,
        error=error,
    )
    again = next_try(tries=tries, at=at) if error else None
    mine = WebhookDelivery.objects.filter(pk=row.pk, leased_until=at + LEASE)
    # Asked for anew in the meantime: then it goes again, whatever came of this.
    mine.filter(tries=tries).update(
        status=answer.status if answer else None,
        excerpt=answer.excerpt if answer else "",
        milliseconds=answer.milliseconds if answer else None,
        last_error=error,
        sent_at=None if error else at,
        given_up_at=at if error and again is None else None,
        next_try_at=again or at,
    )
    mine.update(leased_until=None)
    endpoint = WebhookEndpoint.objects.filter(pk=row.endpoint_id)
    if not error:
        endpoint.filter(failing_since__isnull=False).update(failing_since=None)
        return True
    log.warning("webhook_not_delivered", delivery=row.public_id, error=error, tries=tries)
    endpoint.filter(failing_since__isnull=True).update(failing_since=at)
    # Read again and locked: another delivery may have found it well while this one waited for its answer.
    since = endpoint.select_for_update(no_key=True).values_list("failing_since", flat=True).first()
    if answer is not None and answer.status == GONE:
        switch_off(endpoint=row.endpoint, by=By.GONE, at=at)
    elif since is not None and at - since >= FAILS_FOR:
        switch_off(endpoint=row.endpoint, by=By.FAILING, at=at)
    return False
