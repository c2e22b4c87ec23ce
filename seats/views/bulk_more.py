"""Bulk acts beyond giving and releasing: move seats in pairs, change the department, send invitations again, undo."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, no_permission, requires
from accounts.members.move_members import move_members
from accounts.members.resend_invitations import resend_invitations
from accounts.models import Invitation, Membership
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.forms.people import HandoverForm, MoveForm
from seats.holders.reassign_seat import reassign_seats
from seats.holders.undo import Act, undo_seat_acts
from seats.insight.people import without_seat
from seats.models import Assignment
from seats.views.common import page_link, to_list

# As many as a page of the table shows.
MOST = 50


def reassign_many(request: AccountRequest, chosen: Sequence[Membership], seats: dict[int, Assignment]) -> HttpResponse:
    """A page of pairs, filled with those chosen people who have no seat; then move all of them or none."""
    leavers = [member for member in chosen if member.pk in seats]
    receivers = [member for member in chosen if member.pk not in seats]
    confirmed = "confirmed" in request.POST and bool(leavers)
    initial = {f"to_{a.public_id}": b.user.email for a, b in zip(leavers, receivers, strict=False)}
    form = HandoverForm(request.POST if confirmed else None, account=request.account, leavers=leavers, initial=initial)
    status = 200
    if confirmed:
        status = 422
        if form.is_valid():
            pairs = [(seats[leaver.pk], to) for leaver, to in zip(leavers, form.receivers, strict=True)]
            try:
                moved = reassign_seats(
                    account=request.account,
                    pairs=pairs,
                    actor=actor_of(request),
                    at=now(),
                    reason=form.cleaned_data["reason"],
                )
            except PortalError as error:
                put_error(form, error)
                status = error.status
            else:
                text = ngettext("%(count)d seat was moved.", "%(count)d seats were moved.", len(moved))
                return to_list(request, text % {"count": len(moved)}, undo=moved)
    context: dict[str, Any] = {
        "form": form,
        "chosen": chosen,
        "leavers": leavers,
        "pairs": [(leaver, form[f"to_{leaver.public_id}"]) for leaver in leavers],
        "people": without_seat(request.account),
        "unpaired": max(len(receivers) - len(leavers), 0),
    }
    return render(request, "seats/bulk_reassign.html", context, status=status)


def move_many(request: AccountRequest, chosen: Sequence[Membership]) -> HttpResponse:
    """Ask for the department; then all of them or none."""
    if "members.manage" not in request.capabilities:
        return no_permission(request, "members.manage")
    confirmed = "confirmed" in request.POST and bool(chosen)
    form = MoveForm(request.POST if confirmed else None, account=request.account)
    status = 422 if confirmed else 200
    if confirmed and form.is_valid():
        place = form.cleaned_data["department"]
        try:
            moved = move_members(
                account=request.account, members=chosen, department=place, actor=actor_of(request), at=now()
            )
        except PortalError as error:
            put_error(form, error)
            status = error.status
        else:
            text = ngettext("%(count)d person was moved.", "%(count)d people were moved.", moved)
            return to_list(request, text % {"count": moved})
    return render(request, "seats/bulk_department.html", {"form": form, "chosen": chosen}, status=status)


def resend_many(request: AccountRequest, chosen: Sequence[Invitation]) -> HttpResponse:
    """Say to whom; then send, each for itself."""
    if "confirmed" not in request.POST or not chosen:
        return render(request, "seats/bulk_resend.html", {"chosen": chosen})
    done = resend_invitations(account=request.account, invitations=chosen, actor=actor_of(request), at=now())
    for invitation, error in done:
        if error is not None:
            messages.error(request, f"{invitation.email}: {error}")
    sent = sum(error is None for _invitation, error in done)
    text = ngettext("%(count)d invitation is on its way.", "%(count)d invitations are on their way.", sent)
    return to_list(request, text % {"count": sent})


@requires("seats.assign")
@require_POST
def undo_many(request: AccountRequest) -> HttpResponse:
    """Take back one's own last bulk act, all of it or nothing."""
    seats = list(Assignment.objects.filter(account=request.account, public_id__in=request.POST.getlist("seat")[:MOST]))
    try:
        act = undo_seat_acts(account=request.account, assignments=seats, actor=actor_of(request), at=now())
    except PortalError as error:
        context = {"title": _("Nothing was undone"), "text": str(error), "back": page_link(request, "list")}
        return render(request, "seats/refused.html", context, status=error.status)
    text = {
        Act.ASSIGNED: ngettext(
            "Undone: %(count)d seat is free again.", "Undone: %(count)d seats are free again.", len(seats)
        ),
        Act.REASSIGNED: ngettext(
            "Undone: %(count)d seat is back with its former holder.",
            "Undone: %(count)d seats are back with their former holders.",
            len(seats),
        ),
    }.get(
        act,
        ngettext(
            "Undone: %(count)d seat is back with its holder.",
            "Undone: %(count)d seats are back with their holders.",
            len(seats),
        ),
    )
    return to_list(request, text % {"count": len(seats)})
