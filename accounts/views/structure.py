"""Departments and regions: add, rename, delete."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.forms import PlaceForm, RegionForm
from accounts.members.queries import places_of
from accounts.members.structure import KINDS, Place, add_place, change_region, delete_place, rename_place
from accounts.models import Region
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error


@requires("account.manage")
@require_safe
def structure(request: AccountRequest) -> HttpResponse:
    """Both lists, with how many people belong to each."""
    return _page(request)


@requires("account.manage")
@require_POST
def add(request: AccountRequest, kind: str) -> HttpResponse:
    """Add one."""
    form = PlaceForm(request.POST, prefix=_known(kind))
    if form.is_valid():
        try:
            add_place(
                account=request.account, kind=kind, name=form.cleaned_data["name"], actor=actor_of(request), at=now()
            )
        except PortalError as error:
            put_error(form, error)
        else:
            return redirect("accounts:structure", request.account.slug)
    return _page(request, form=form, kind=kind, status=422)


@requires("account.manage")
def rename(request: AccountRequest, kind: str, place_id: str) -> HttpResponse:
    """Give another name; of a region also what is noted for procurement."""
    place = _find(request, kind, place_id)
    form = (RegionForm if isinstance(place, Region) else PlaceForm)(request.POST or None, initial=vars(place))
    if request.method == "POST" and form.is_valid():
        by: dict[str, Any] = {"account": request.account, "actor": actor_of(request), "at": now()}
        try:
            if isinstance(place, Region):
                change_region(region=place, **form.cleaned_data, **by)
            else:
                rename_place(place=place, **form.cleaned_data, **by)
        except PortalError as error:
            put_error(form, error)
        else:
            return redirect("accounts:structure", request.account.slug)
    context = {"form": form, "kind": kind, "place": place}
    return render(request, "accounts/rename_place.html", context, status=422 if form.errors else 200)


@requires("account.manage")
@require_POST
def delete(request: AccountRequest, kind: str, place_id: str) -> HttpResponse:
    """Delete one that nobody belongs to."""
    place = _find(request, kind, place_id)
    try:
        delete_place(account=request.account, place=place, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, f"{place.name}: {error}")
    else:
        messages.success(request, _("%(name)s is deleted.") % {"name": place.name})
    return redirect("accounts:structure", request.account.slug)


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise Http404
    return kind


def _places(request: AccountRequest, kind: str) -> QuerySet[Any]:
    return places_of(request.account, kind).order_by("name")


def _find(request: AccountRequest, kind: str, place_id: str) -> Place:
    found: Place = get_object_or_404(_places(request, _known(kind)), public_id=place_id)
    return found


def _page(request: AccountRequest, *, form: PlaceForm | None = None, kind: str = "", status: int = 200) -> HttpResponse:
    blocks = [
        (name, _places(request, name), form if form is not None and kind == name else PlaceForm(prefix=name))
        for name in KINDS
    ]
    return render(request, "accounts/structure.html", {"blocks": blocks}, status=status)
