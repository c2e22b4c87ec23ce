"""Seats set aside for regions."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.members.queries import places_of
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.capacity.split_seats import split_seats
from seats.forms.regions import SplitForm
from seats.frame import pool_for
from seats.pool.regions import split_of


@requires("policy.manage")
def regions(request: AccountRequest) -> HttpResponse:
    """Each region with its people and its seats; all numbers are saved together."""
    split = split_of(pool_for(request))
    pools = {one.region_id: one for one in split.pools}
    places = list(places_of(request.account, "region").order_by("name"))
    form = SplitForm(
        request.POST if request.method == "POST" else None,
        regions=places,
        seats={region: one.seats for region, one in pools.items()},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                split_seats(
                    account=request.account,
                    seats=form.split(),
                    reason=form.cleaned_data["reason"],
                    actor=actor_of(request),
                    at=now(),
                )
            except PortalError as error:
                put_error(form, error)
                status = error.status
            else:
                messages.success(request, _("The regions’ seats are saved."))
                return redirect("seats:regions", request.account.slug)
    rows = [(region, form[region.public_id], pools.get(region.pk)) for region in places]
    return render(request, "seats/regions.html", {"form": form, "rows": rows, "split": split}, status=status)
