"""Pause a holder, and bring them back."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.members.queries import members_of
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.forms.pause import PauseForm
from seats.holders.pause_person import pause_person
from seats.holders.paused import pause_of
from seats.holders.queries import seat_of
from seats.holders.resume_person import resume_person
from seats.views.common import page_link, to_list


@requires("seats.assign")
def pause(request: AccountRequest, member_id: str) -> HttpResponse:
    """Say what a pause does; then do it. For somebody who is paused, another day."""
    member = get_object_or_404(members_of(request.account), public_id=member_id)
    seat, present = seat_of(member), pause_of(member)
    initial = {"resumes_on": present.resumes_on, "reason": present.reason} if present else {}
    form = PauseForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                pause_person(
                    account=request.account, membership=member, actor=actor_of(request), at=now(), **form.cleaned_data
                )
            except PortalError as error:
                put_error(form, error)
                status = error.status
            else:
                return to_list(request, _("%(name)s is paused.") % {"name": member.user}, undo=seat)
    context: dict[str, Any] = {"member": member, "form": form, "seat": seat, "present": present}
    return render(request, "seats/pause.html", context, status=status)


@requires("seats.assign")
@require_POST
def resume(request: AccountRequest, member_id: str) -> HttpResponse:
    """End a pause."""
    member = get_object_or_404(members_of(request.account), public_id=member_id)
    try:
        seat = resume_person(account=request.account, membership=member, actor=actor_of(request), at=now())
    except PortalError as error:
        context = {"title": _("Nobody was resumed"), "text": str(error), "back": page_link(request, "list")}
        return render(request, "seats/refused.html", context, status=error.status)
    text = _("%(name)s has a seat again.") if seat else _("%(name)s is on the waiting list.")
    return to_list(request, text % {"name": member.user})
