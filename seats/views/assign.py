"""Give a seat: to a member, or to an address that is invited with one."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.members.details import Details
from accounts.members.queries import members_of, open_invitations_of
from accounts.models import Membership, Role
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.errors import PersonUnknown, SeatLimitReached
from seats.forms.people import AssignForm, find_member
from seats.holders.assign_seat import assign_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.wait import leave_queue, leave_queue_invited, wait_for_seat, wait_with_invitation
from seats.insight.people import without_seat
from seats.models import Assignment
from seats.pool.budgets import budgets_left
from seats.views.common import counts_for, page_link, to_list, ways_out


@requires("seats.assign")
def assign(request: AccountRequest) -> HttpResponse:
    """Ask for whom, and give the seat; at the limit, say what can be done instead."""
    at = now()
    form = AssignForm(
        request.POST if request.method == "POST" else None,
        account=request.account,
        initial={"person": _asked_for(request)},
    )
    context: dict[str, Any] = {
        "form": form,
        "counts": counts_for(request),
        "people": without_seat(request.account),
        "budgets": budgets_left(request.account),
    }
    if request.method != "POST" or not form.is_valid():
        return render(request, "seats/assign.html", context, status=422 if form.errors else 200)
    typed = form.cleaned_data["person"]
    member = find_member(request.account, typed)
    try:
        seat = _give(request, form, member, at)
    except SeatLimitReached as error:
        context |= {
            "refused": member.user.get_full_name() if member else typed,
            "refused_member": member,
            **ways_out(request, error, at, mover=member is not None),
        }
        return render(request, "seats/assign.html", context, status=409)
    except PortalError as error:
        error.field = "person" if error.field == "email" else error.field
        put_error(form, error)
        return render(request, "seats/assign.html", context, status=error.status if error.status == 409 else 422)
    if seat.membership is not None:
        return to_list(request, _("%(name)s has a seat now.") % {"name": seat.membership.user}, undo=seat)
    return to_list(request, _("%(email)s is invited and has a seat held.") % {"email": typed}, undo=seat)


def _give(request: AccountRequest, form: AssignForm, member: Membership | None, at: datetime) -> Assignment:
    values, actor = form.cleaned_data, actor_of(request)
    if member is not None:
        return assign_seat(account=request.account, membership=member, actor=actor, at=at, reason=values["reason"])
    if "@" not in values["person"]:
        raise PersonUnknown(field="person")
    _invitation, seat = invite_with_seat(
        account=request.account,
        email=values["person"],
        role=Role.MEMBER,
        department=values["department"],
        details=Details(region=values["region"]),
        name=values["name"],
        reason=values["reason"],
        actor=actor,
        at=at,
    )
    return seat


@requires("seats.assign")
@require_safe
def receivers(request: AccountRequest) -> HttpResponse:
    """The list that the browser offers while one types: members without a seat."""
    text = (request.GET.get("person") or request.GET.get("to") or "").replace("\x00", "").strip()[:200]
    return render(request, "seats/parts/people_list.html", {"people": without_seat(request.account, text)})


@requires("seats.assign")
@require_POST
def wait(request: AccountRequest, member_id: str) -> HttpResponse:
    """Put a member on the waiting list."""
    member = get_object_or_404(members_of(request.account), public_id=member_id)
    try:
        place = wait_for_seat(account=request.account, membership=member, actor=actor_of(request), at=now())
    except PortalError as error:
        context = {"title": _("Waiting list"), "text": str(error), "back": page_link(request, "list")}
        return render(request, "seats/refused.html", context, status=error.status)
    text = _("%(name)s has a seat now.") if place.served_at else _("%(name)s is on the waiting list.")
    return to_list(request, text % {"name": member.user})


@requires("seats.assign")
@require_POST
def wait_invited(request: AccountRequest, invitation_id: str) -> HttpResponse:
    """Put an invitation without a seat on the waiting list."""
    invitation = get_object_or_404(open_invitations_of(request.account), public_id=invitation_id)
    try:
        place = wait_with_invitation(account=request.account, invitation=invitation, actor=actor_of(request), at=now())
    except PortalError as error:
        context = {"title": _("Waiting list"), "text": str(error), "back": page_link(request, "list")}
        return render(request, "seats/refused.html", context, status=error.status)
    text = _("A seat is held for %(name)s now.") if place.served_at else _("%(name)s is on the waiting list.")
    return to_list(request, text % {"name": place.name})


@requires("seats.assign")
@require_POST
def stop_waiting_invited(request: AccountRequest, invitation_id: str) -> HttpResponse:
    """Take an invitation off the waiting list; it stays open."""
    invitation = get_object_or_404(open_invitations_of(request.account), public_id=invitation_id)
    leave_queue_invited(invitation=invitation, at=now())
    return redirect(page_link(request, "list", show="waiting"))


@requires("seats.assign")
@require_POST
def stop_waiting(request: AccountRequest, member_id: str) -> HttpResponse:
    """Take a member off the waiting list."""
    member = get_object_or_404(members_of(request.account), public_id=member_id)
    leave_queue(account=request.account, membership=member, at=now())
    return redirect(page_link(request, "list", show="waiting"))


def _asked_for(request: AccountRequest) -> str:
    """The address of the member whom a link on another page names."""
    member = find_member(request.account, request.GET.get("person", ""))
    return member.user.email if member else ""
