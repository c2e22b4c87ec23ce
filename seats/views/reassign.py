"""Move a seat from one person to another."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.forms.people import ReassignForm, find_member
from seats.holders.reassign_seat import reassign_seat
from seats.insight.people import without_seat
from seats.insight.rows import row_of
from seats.views.common import find_seat, to_list


@requires("seats.assign")
def reassign(request: AccountRequest, seat_id: str) -> HttpResponse:
    """Two people and one act; no charge."""
    seat = find_seat(request, seat_id)
    leaver = seat.membership
    if leaver is None:
        refusal = {
            "title": _("This seat is held for an invitation"),
            "text": _("Withdraw the invitation to free it, or wait until it is accepted."),
        }
        return render(request, "seats/refused.html", refusal, status=409)
    asked = find_member(request.account, request.GET.get("to", ""))
    form = ReassignForm(
        request.POST if request.method == "POST" else None,
        account=request.account,
        initial={"to": asked.user.email if asked else ""},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            to = form.cleaned_data["to"]
            try:
                moved = reassign_seat(
                    account=request.account,
                    assignment=seat,
                    to=to,
                    actor=actor_of(request),
                    at=now(),
                    reason=form.cleaned_data["reason"],
                )
            except PortalError as error:
                put_error(form, error)
                status = error.status
            else:
                words = {"to": to.user, "from": leaver.user}
                return to_list(request, _("%(to)s has the seat of %(from)s now.") % words, undo=moved)
    context = {
        "seat": seat,
        "leaver": row_of(request.account, leaver, now()),
        "receiver": asked or (form.cleaned_data.get("to") if form.is_bound and form.is_valid() else None),
        "form": form,
        "people": without_seat(request.account),
    }
    if request.htmx and request.htmx.target == "receiver":
        return render(request, "seats/reassign.html#receiver", context)
    return render(request, "seats/reassign.html", context, status=status)
