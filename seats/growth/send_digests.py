"""Once a day, one mail with all that happened, for those who want it so."""

from collections import defaultdict
from datetime import datetime
from hashlib import sha256

import structlog
from django.db.models import F

from accounts.models import Notice
from accounts.notices.deliver_notice import mail_of
from seats.growth.deliver_alert import LEASE, WAITS
from seats.growth.message import lines_of
from seats.models import AlertDelivery

log = structlog.get_logger(__name__)


def send_digests(*, at: datetime) -> int:
    """Send each person's digest that is due; returns how many mails. Claimed like single alerts; see deliver_alert."""
    due = AlertDelivery.objects.filter(
        digest=True, sent_at__isnull=True, given_up_at__isnull=True, next_try_at__lte=at, user__isnull=False
    )
    by_user: dict[int, list[AlertDelivery]] = defaultdict(list)
    for row in due.select_related("alert", "account", "user").order_by("user_id", "alert__at", "pk"):
        if row.user_id is not None and due.filter(pk=row.pk, tries=row.tries).update(
            tries=F("tries") + 1, next_try_at=at + LEASE
        ):
            by_user[row.user_id].append(row)
    return sum(_send(rows, at) for rows in by_user.values())


def _send(rows: list[AlertDelivery], at: datetime) -> bool:
    own = AlertDelivery.objects.filter(pk__in=[row.pk for row in rows])
    first, user = rows[0], rows[0].user
    if user is None:
        return False
    # The same mail has the same rows: what joins it before a second try makes it another one.
    name = sha256(" ".join(sorted(row.public_id for row in rows)).encode()).hexdigest()[:24]
    groups = [{"name": row.account.name, "lines": lines_of(row.alert)} for row in rows]
    try:
        context = {"groups": groups, "link": "/staff/"}
        mail_of(
            Notice(public_id=f"adg_{name}", account=first.account, user=user, kind="alert_digest", context=context)
        ).send()
    except Exception as error:
        tries = max(row.tries for row in rows)
        last = tries + 1 >= len(WAITS)
        own.update(
            next_try_at=at + WAITS[min(tries, len(WAITS) - 1)],
            given_up_at=at if last else None,
            last_error=f"{type(error).__name__}: {error}"[:200],
        )
        log.warning("digest_not_sent", error=type(error).__name__, given_up=last)
        return False
    own.update(sent_at=at, last_error="")
    return True
