"""Send one alert on one way: claimed first, so that two workers never send it both; recorded after it is out."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Notice
from accounts.notices.deliver_notice import mail_of
from seatportal.kit.queue import ring
from seatportal.kit.smtp import refused_for_good
from seats.growth.message import address_of, lines_of
from seats.growth.post import post_alert
from seats.models import AlertDelivery, Channel

log = structlog.get_logger(__name__)

# Longer than a mail server may take; whoever dies while sending leaves the row due after this.
LEASE = timedelta(minutes=2)
# Waits between tries, then given up: about a day and a half in all.
WAITS = (LEASE, timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=12), timedelta(hours=18))


def deliver_alert(*, delivery_id: int, at: datetime) -> bool:
    """Send it if it is due; returns whether it was sent. Safe to run twice at once.

    A process that dies between the other side's answer and ours sends it a second time, under the same id, by which
    mail systems and webhooks' readers tell it; nothing else does.
    """
    due = AlertDelivery.objects.filter(
        pk=delivery_id, digest=False, sent_at__isnull=True, given_up_at__isnull=True, next_try_at__lte=at
    )
    row = due.select_related("alert", "account", "user", "endpoint").first()
    if row is None or not due.filter(tries=row.tries).update(tries=F("tries") + 1, next_try_at=at + LEASE):
        return False
    own = AlertDelivery.objects.filter(pk=row.pk)
    try:
        _send(row, at)
    except Exception as error:
        last = row.tries + 1 >= len(WAITS) or refused_for_good(error)
        own.update(
            next_try_at=at + WAITS[min(row.tries, len(WAITS) - 1)],
            given_up_at=at if last else None,
            last_error=f"{type(error).__name__}: {error}"[:200],
        )
        log.warning("alert_not_sent", delivery=row.public_id, error=type(error).__name__, given_up=last)
        return False
    own.update(sent_at=at, last_error="")
    return True


def ring_waiting_alerts(*, at: datetime) -> int:
    """Ring for deliveries whose bell was lost or whose sending failed; returns how many."""
    due = AlertDelivery.objects.filter(
        digest=False, sent_at__isnull=True, given_up_at__isnull=True, next_try_at__lte=at
    )
    ids = list(due.order_by("next_try_at", "pk").values_list("pk", flat=True)[:500])
    for pk in ids:
        ring("seats.deliver_alert", delivery_id=pk)
    return len(ids)


def replay(*, delivery: AlertDelivery, actor: Actor, at: datetime) -> bool:
    """Staff: send it now, whether it was given up, waits, or went before. What stands in the inbox stays as it is."""
    if delivery.channel == Channel.IN_APP:
        return False
    with transaction.atomic():
        AlertDelivery.objects.filter(pk=delivery.pk).update(
            given_up_at=None, sent_at=None, next_try_at=at, tries=0, digest=False, replays=F("replays") + 1
        )
        # Staff's own affair, so it stands in no customer's trail.
        record_audit(account=None, actor=actor, action="alert.replayed", target=delivery.public_id)
    return deliver_alert(delivery_id=delivery.pk, at=at)


def _send(row: AlertDelivery, at: datetime) -> None:
    if row.channel == Channel.MAIL and row.user is not None:
        context = {"lines": lines_of(row.alert), "link": address_of(row.alert)}
        name = f"{row.public_id}.{row.replays}"
        mail_of(Notice(public_id=name, account=row.account, user=row.user, kind="alert", context=context)).send()
    elif row.endpoint is not None:
        post_alert(delivery=row, endpoint=row.endpoint, at=at)
