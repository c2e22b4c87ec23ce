"""Mails of a true-up."""

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Role
from accounts.notices.send_notice import send_notice
from seatportal.kit.clock import noon_of
from seatportal.templatetags.portal import day
from seats.models import TrueUp

ROLES = (Role.OWNER, Role.ADMIN, Role.BILLING)


def reason_of(run: TrueUp) -> str:
    """What stands in the ledger and on the purchase, in the account's language."""
    with translation.override(run.account.locale):
        words = _("True-up %(first)s to %(last)s") % {"first": day(run.first_day), "last": day(run.last_day)}
    return words[:200]


def tell(run: TrueUp, what: str, at: datetime, *, about: str = "", **context: object) -> None:
    """Mail those who look after money, once for each `what` and `about`; it stands and falls with the caller.

    what: notice, review, settled or failed; the template is `emails/true_up_<what>.txt`.
    """
    send_notice(
        account=run.account,
        kind=f"true_up_{what}",
        key=f"true_up:{run.public_id}:{what}{about and f':{about}'}",
        roles=ROLES,
        context={
            "first_at": noon_of(run.first_day, run.time_zone),
            "last_at": noon_of(run.last_day, run.time_zone),
            "link": reverse("seats:true_up", args=[run.account.slug, run.public_id]),
            **context,
        },
        at=at,
    )
