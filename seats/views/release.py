"""Take a seat back; withdraw or repeat an invitation; undo."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.members.invitations import resend_invitation, revoke_invitation
from accounts.members.queries import open_invitations_of
from billing.mirror.queries import open_decrease
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.forms.people import ReasonForm
from seats.holders.queries import waiting_in
from seats.holders.release_seat import release_seat
from seats.holders.undo import Act, undo_seat_act
from seats.models import Assignment
from seats.views.common import counts_for, find_seat, page_link, to_list


@requires("seats.assign")
def release(request: AccountRequest, seat_id: str) -> HttpResponse:
    """Say what a release does and what it does not; then do it."""
    seat = find_seat(request, seat_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    error: PortalError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            release_seat(
                account=request.account,
                assignment=seat,
                actor=actor_of(request),
                at=now(),
                reason=form.cleaned_data["reason"],
            )
        except PortalError as caught:
            error = caught
        else:
            return to_list(request, _("The seat of %(name)s is free.") % {"name": holder_of(seat)}, undo=seat)
    context: dict[str, Any] = {
        "seat": seat,
        "holder": holder_of(seat),
        "form": form,
        "error": error,
        "counts": counts_for(request),
        "next_in_queue": waiting_in(request.account).first(),
        "decrease": open_decrease(request.account),
    }
    status = error.status if error else 422 if form.errors else 200
    return render(request, "seats/release.html", context, status=status)


@requires("seats.assign")
@require_POST
def undo(request: AccountRequest, seat_id: str) -> HttpResponse:
    """Take back one's own last act on a seat."""
    seat = get_object_or_404(Assignment, account=request.account, public_id=seat_id)
    try:
        act = undo_seat_act(account=request.account, assignment=seat, actor=actor_of(request), at=now())
    except PortalError as error:
        context = {"title": _("Nothing was undone"), "text": str(error), "back": page_link(request, "list")}
        return render(request, "seats/refused.html", context, status=error.status)
    text = {
        Act.ASSIGNED: _("Undone: the seat is free again."),
        Act.RESERVED: _("Undone: the invitation is withdrawn and the seat is free again."),
        Act.REASSIGNED: _("Undone: the seat is back with its former holder."),
        Act.PAUSED: _("Undone: the person is not paused and has a seat again."),
        Act.RELEASED: _("Undone: the seat is back with its holder."),
    }[act]
    return to_list(request, text)


@requires("seats.assign")
@require_POST
def withdraw_invitation(request: AccountRequest, invitation_id: str) -> HttpResponse:
    """End an invitation; a seat that it held is free."""
    return _on_invitation(request, invitation_id, withdraw=True)


@requires("seats.assign")
@require_POST
def resend(request: AccountRequest, invitation_id: str) -> HttpResponse:
    """Send an invitation's mail again with a fresh link."""
    return _on_invitation(request, invitation_id, withdraw=False)


def _on_invitation(request: AccountRequest, invitation_id: str, *, withdraw: bool) -> HttpResponse:
    invitation = get_object_or_404(open_invitations_of(request.account), public_id=invitation_id)
    verb = revoke_invitation if withdraw else resend_invitation
    try:
        verb(account=request.account, invitation=invitation, actor=actor_of(request), at=now())
    except PortalError as error:
        context = {"title": _("The invitation was not changed"), "text": str(error), "back": page_link(request, "list")}
        return render(request, "seats/refused.html", context, status=error.status)
    text = _("The invitation of %(email)s is withdrawn.") if withdraw else _("A new link is on its way to %(email)s.")
    return to_list(request, text % {"email": invitation.email})


def holder_of(seat: Assignment) -> str:
    """The name of who has a seat, or the invited address."""
    if seat.membership is not None:
        return seat.membership.user.get_full_name()
    return seat.invitation.email if seat.invitation else ""
