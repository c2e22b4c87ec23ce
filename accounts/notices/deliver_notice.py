"""Send one notice: claimed first, so that two workers never send it both; recorded after the mail is out."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime

from accounts.models import Notice
from accounts.notices.note_opening import opening_token
from seatportal.kit.contact import account_team
from seatportal.kit.links import sign
from seatportal.kit.queue import ring
from seatportal.kit.smtp import message_id, refused_for_good

log = structlog.get_logger(__name__)

# Longer than a mail server may take; whoever dies while sending leaves the row due after this.
LEASE = timedelta(minutes=2)
# Waits between tries, then given up: about a day and a half in all.
WAITS = (
    LEASE,
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=18),
)


def deliver_notice(*, notice_id: int, at: datetime) -> bool:
    """Send it if it is due; returns whether it was sent. Safe to run twice at once.

    A process that dies between the mail server's answer and ours sends it a second time, under the same Message-ID;
    nothing else does.
    A failure is kept on the row, and the sweep tries again until WAITS are used up.
    """
    due = Notice.objects.filter(pk=notice_id, sent_at__isnull=True, given_up_at__isnull=True, next_try_at__lte=at)
    notice = due.select_related("account", "user").first()
    if notice is None or not due.filter(tries=notice.tries).update(tries=F("tries") + 1, next_try_at=at + LEASE):
        return False
    row = Notice.objects.filter(pk=notice_id)
    try:
        mail_of(notice).send()
    except Exception as error:
        if refused_for_good(error):
            row.update(given_up_at=at, last_error=_words(error))
            log.warning("notice_refused_by_mail_server", notice=notice.public_id)
            return False
        last = notice.tries + 1 >= len(WAITS)
        row.update(
            next_try_at=at + WAITS[min(notice.tries, len(WAITS) - 1)],
            given_up_at=at if last else None,
            last_error=_words(error),
        )
        log.warning("notice_not_sent", notice=notice.public_id, error=type(error).__name__, given_up=last)
        return False
    row.update(sent_at=at, last_error="")
    return True


def ring_waiting_notices(*, at: datetime) -> int:
    """Ring for notices whose bell was lost or whose sending failed; returns how many."""
    due = Notice.objects.filter(sent_at__isnull=True, given_up_at__isnull=True, next_try_at__lte=at)
    ids = list(due.order_by("pk").values_list("pk", flat=True)[:500])
    for pk in ids:
        ring("accounts.deliver_notice", notice_id=pk)
    return len(ids)


def try_again(*, notice: Notice, at: datetime) -> bool:
    """Staff: send one now that was given up. One that is out already stays as it is."""
    renewed = Notice.objects.filter(pk=notice.pk, sent_at__isnull=True).update(
        given_up_at=None, next_try_at=at, tries=0
    )
    return bool(renewed) and deliver_notice(notice_id=notice.pk, at=at)


def mail_of(notice: Notice) -> EmailMultiAlternatives:
    """The mail in its reader's language and time zone. Its Message-ID comes from the notice's public id."""
    reader, account = notice.user, notice.account
    team = account_team()
    context = _context(_watched(notice)) | {
        "account": account,
        "account_team": team,
        "reader": reader,
        "site": settings.SITE_URL,
    }
    source = f"emails/{notice.kind}.txt"
    with translation.override(reader.locale), timezone.override(reader.time_zone or account.time_zone):
        words = {name: render_to_string(f"{source}#{name}", context).strip() for name in ("subject", "body")}
        if context.get("link"):
            words["action"] = " ".join(render_to_string(f"{source}#action", context).split())
        words["subject"] = " ".join(words["subject"].split())
        whole = context | words
        mail = EmailMultiAlternatives(
            words["subject"],
            render_to_string("emails/notice.txt", whole),
            to=[reader.email],
            reply_to=[team["mail"]] if team.get("mail") else None,
            headers=_headers(context) | {"Message-ID": message_id(notice.public_id)},
        )
        mail.attach_alternative(render_to_string("emails/notice.html", whole), "text/html")
    return mail


def _watched(notice: Notice) -> dict[str, Any]:
    """A report's link leads by the page that notes its opening."""
    if not notice.context.get("watched"):
        return dict(notice.context)
    return {**notice.context, "link": reverse("accounts:open_mail", args=[opening_token(notice)])}


def _context(stored: dict[str, Any]) -> dict[str, Any]:
    """What the template reads: moments are moments again, a path of this site becomes its address. `sign` names what a
    link stands for; it is signed only now, and the row holds no key to it."""
    context = {
        name: parse_datetime(value) if name.endswith("_at") and isinstance(value, str) else value
        for name, value in stored.items()
    }
    if "sign" in context:
        purpose, text = stored["sign"]
        context["link"] = f"{context['link']}{sign(purpose, text)}/"
    for name in ("link", "stop_link"):
        if str(context.get(name, "")).startswith("/"):
            context[name] = f"{settings.SITE_URL}{context[name]}"
    return context


def _headers(context: dict[str, Any]) -> dict[str, str]:
    """A regular mail can be stopped by the reader's mail program, with one click (RFC 8058)."""
    stop = context.get("stop_link")
    return {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if stop else {}


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
