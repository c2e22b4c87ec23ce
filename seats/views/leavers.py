"""Choose who gives up a seat when a planned reduction takes effect."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.mirror.queries import open_decrease
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.capacity.choose_leavers import choose_leavers, chosen_for, too_many_for
from seats.holders.queries import open_seats
from seats.views.common import counts_for


@requires("seats.assign")
def leavers(request: AccountRequest) -> HttpResponse:
    """Everybody who sits, those seated last first; on POST keep the choice."""
    plan = open_decrease(request.account)
    if plan is None or not too_many_for(plan):
        return redirect("seats:list", request.account.slug)
    error, status, chosen = "", 200, chosen_for(plan)
    if request.method == "POST":
        wanted = request.POST.getlist("seat")
        try:
            count = choose_leavers(account=request.account, seat_ids=wanted, actor=actor_of(request), at=now())
        except PortalError as problem:
            error, status, chosen = str(problem), problem.status, set(wanted)
        else:
            text = ngettext("%(count)d seat is chosen.", "%(count)d seats are chosen.", count)
            messages.success(request, text % {"count": count})
            return redirect("seats:leavers", request.account.slug)
    context = {
        "plan": plan,
        "most": too_many_for(plan),
        "seats": open_seats(request.account).order_by("-started_at", "-pk"),
        "chosen": chosen,
        "counts": counts_for(request),
        "error": error,
    }
    return render(request, "seats/leavers.html", context, status=status)
