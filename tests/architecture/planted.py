"""Doors as nobody should build them, to see that the walk finds them: an URL map for one test."""

from django.db.models import F
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.members.queries import members_of
from seatportal.kit.clock import now
from seatportal.urls import urlpatterns as ours
from seats.holders.assign_seat import assign_seat
from seats.models import SeatPool

OPEN, MUTE = "a/<slug:account_slug>/planted/open/", "a/<slug:account_slug>/planted/mute/"


@requires("seats.assign")
@require_POST
def open_door(request: AccountRequest) -> HttpResponse:
    """Seat whoever is named, and make room for them without a payment."""
    SeatPool.objects.filter(account=request.account).update(purchased=F("purchased") + 1)
    member = members_of(request.account).get(public_id=request.POST["person"])
    assign_seat(account=request.account, membership=member, actor=actor_of(request), at=now())
    return HttpResponse("seated")


@requires("seats.assign")
@require_POST
def mute_door(request: AccountRequest) -> HttpResponseBase:
    """The same for a field of which the walk knows nothing."""
    return open_door(request) if request.POST.get("chosen_one") else HttpResponse("nobody is named", status=422)


urlpatterns = [path(OPEN, open_door), path(MUTE, mute_door), *ours]
