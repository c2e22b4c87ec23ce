"""Mails around a purchase that waits for approval."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from accounts.notices.send_notice import send_notice
from seats.models import RequestStep, SeatRequest
from seats.requests.steps import approvers_of


def tell_approvers(request: SeatRequest, step: RequestStep, *, at: datetime, why: str) -> int:
    """Ask those whose turn it is, in the caller's transaction; returns how many mails are new.

    why: asked; next (the step before is approved); price (it rose); failed (the payment did not go through);
    reminded. Each is told once per step, moment and reason.
    """
    return send_notice(
        account=request.account,
        kind="purchase_request",
        key=f"purchase_request:{request.public_id}:{step.position}:{why}:{at.isoformat(timespec='seconds')}",
        context={**_context(request), "why": why},
        to=[person.user for person in approvers_of(request, step)],
        roles=(),
        at=at,
    )


def tell_asker(request: SeatRequest, *, outcome: str, who: User | None, at: datetime) -> int:
    """Tell who asked what became of it: bought, refused or failed."""
    tried = request.change.public_id if request.change else ""
    return send_notice(
        account=request.account,
        kind="purchase_decided",
        key=f"purchase_decided:{request.public_id}:{outcome}:{tried}",
        context={
            **_context(request),
            "outcome": outcome,
            "who": who.get_full_name() if who else request.account.name,
            "answer": request.answer,
        },
        to=[request.asked_by],
        roles=(),
        at=at,
    )


def _context(request: SeatRequest) -> dict[str, Any]:
    return {
        "asker": request.membership.user.get_full_name(),
        "quantity": request.quantity,
        "plan": bool(request.price_id),
        "reason": request.reason,
        "total": request.asked_total,
        "currency": request.currency,
        "link": reverse("seats:purchase_request", args=[request.account.slug, request.public_id]),
    }
