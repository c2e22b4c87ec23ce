"""Who hears of a tranche: its owner by mail, the customer's own systems by webhook."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Role
from accounts.notices.send_notice import send_notice
from accounts.webhooks.emit_events import emit_event
from seatportal.kit.clock import noon_of
from seatportal.templatetags.portal import day
from seats.models import Tranche


def reason_of(tranche: Tranche) -> str:
    """What stands in the ledger and on the purchase, in the account's language."""
    with translation.override(tranche.account.locale):
        words = _("%(plan)s, tranche of %(day)s") % {"plan": tranche.plan.name, "day": day(tranche.due_on)}
    return words[:200]


def tell_held(tranche: Tranche, at: datetime) -> None:
    """Once for each reason and agreement. Who agreed hears as well, unless a failed purchase has told them."""
    _tell(
        tranche,
        "tranche_held",
        f"{tranche.held_code}:{int(tranche.agreed_at.timestamp())}",
        at,
        tell_buyer=tranche.change is None,
        code=tranche.held_code,
        percent=tranche.gate_percent,
        ceiling=tranche.ceiling,
        asked=tranche.asked,
    )


def tell_bought(tranche: Tranche, at: datetime) -> None:
    """The owner, where the receipt goes to somebody else."""
    change = tranche.change
    if change is not None and tranche.owner.user_id != change.user_id:
        _tell(tranche, "tranche_bought", "bought", at, tell_buyer=False, amount=change.charged_due)


def _tell(tranche: Tranche, kind: str, about: str, at: datetime, *, tell_buyer: bool, **context: Any) -> None:
    present = tranche.owner.left_at is None
    send_notice(
        account=tranche.account,
        kind=kind,
        key=f"tranche:{tranche.public_id}:{about}",
        to=[tranche.owner.user, tranche.agreed_by if tell_buyer else None],
        # An owner who left hears nothing, so those of the account do.
        roles=() if present else (Role.OWNER,),
        context={
            "plan": tranche.plan.name,
            "department": tranche.department.name if tranche.department else "",
            "seats": tranche.quantity,
            "due_at": noon_of(tranche.due_on, tranche.account.time_zone),
            "currency": tranche.currency,
            "link": reverse("seats:tranche", args=[tranche.account.slug, tranche.public_id]),
            **context,
        },
        at=at,
    )


def emit(tranche: Tranche, kind: str, at: datetime) -> None:
    """An event in the caller's transaction; see accounts/webhooks/catalog.py."""
    change = tranche.change
    data = {
        "plan": {"id": tranche.plan.public_id},
        "tranche": {
            "id": tranche.public_id,
            "state": str(tranche.state),
            "quantity": tranche.quantity,
            "due_on": tranche.due_on.isoformat(),
            "held_code": tranche.held_code or None,
        },
        "order_id": change.public_id if change is not None else None,
    }
    emit_event(account=tranche.account, kind=kind, data=data, at=at)
