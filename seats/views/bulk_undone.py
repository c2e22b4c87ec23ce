"""Bulk acts whose undo is kept in the person's own session: invitations withdrawn, regions changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, no_permission, requires
from accounts.members.move_to_regions import Move, move_to_regions
from accounts.members.queries import members_of, open_invitations_of
from accounts.members.withdraw_invitations import UNDO_WITHIN, withdraw_invitations
from accounts.models import Invitation, Membership, Region
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.errors import UndoGone
from seats.forms.people import RegionForm
from seats.holders.queries import open_seats, waiting_in
from seats.holders.reopen_invited import reopen_invited
from seats.pool.pools import pool_of
from seats.pool.regions import split_of
from seats.views.common import page_link, to_list

KEY = "bulk_undo"


def move_regions(request: AccountRequest, chosen: Sequence[Membership | Invitation]) -> HttpResponse:
    """Ask for the region, with what is free in each; then all of them or none."""
    if "members.manage" not in request.capabilities:
        return no_permission(request, "members.manage")
    confirmed = "confirmed" in request.POST
    split = split_of(pool_of(request.account))
    free = {pool.region_id: pool.free for pool in split.pools}
    form = RegionForm(request.POST if confirmed else None, account=request.account, free=free)
    status = 422 if confirmed else 200
    if confirmed and form.is_valid():
        region = form.cleaned_data["region"]
        try:
            moved = move_to_regions(
                account=request.account, moves=[(one, region) for one in chosen], actor=actor_of(request), at=now()
            )
        except PortalError as error:
            put_error(form, error)
            status = error.status
        else:
            _keep(request, "regions", [[one.public_id, before.pk if before else None] for one, before in moved], region)
            text = ngettext("%(count)d person was moved.", "%(count)d people were moved.", len(moved))
            return to_list(request, text % {"count": len(moved)}, last=bool(moved))
    held = _with_seats(request, chosen)
    context: dict[str, Any] = {
        "form": form,
        "chosen": [
            {"row": one, "member": isinstance(one, Membership), "seat": one.public_id in held} for one in chosen
        ],
        "held": len(held),
        "split": bool(split.pools),
        "rest": split.common_free,
    }
    return render(request, "seats/bulk_region.html", context, status=status)


def withdraw_many(request: AccountRequest, chosen: Sequence[Invitation]) -> HttpResponse:
    """Say whose links end and how many seats are free then; then all of them or none."""
    if "members.manage" not in request.capabilities:
        return no_permission(request, "members.manage")
    problem, status = "", 200
    if "confirmed" in request.POST and chosen:
        try:
            done = withdraw_invitations(account=request.account, invitations=chosen, actor=actor_of(request), at=now())
        except PortalError as error:
            problem, status = str(error), error.status
        else:
            _keep(request, "withdrawn", [one.public_id for one in done])
            text = ngettext("%(count)d invitation is withdrawn.", "%(count)d invitations are withdrawn.", len(done))
            return to_list(request, text % {"count": len(done)}, last=True)
    context = {
        "chosen": chosen,
        "problem": problem,
        "seats": open_seats(request.account).filter(membership=None, invitation__in=chosen).count(),
        "waiting": waiting_in(request.account).filter(invitation__in=chosen).count(),
    }
    return render(request, "seats/bulk_withdraw.html", context, status=status)


@requires("seats.assign")
@require_POST
def undo_last(request: AccountRequest) -> HttpResponse:
    """Take back one's own last bulk act of these, all of it or nothing."""
    if "members.manage" not in request.capabilities:
        return no_permission(request, "members.manage")
    kept, at = kept_act(request), now()
    try:
        if kept is None:
            raise UndoGone
        text = _undo_withdrawal(request, kept, at) if kept["kind"] == "withdrawn" else _undo_moves(request, kept, at)
    except PortalError as error:
        context = {"title": _("Nothing was undone"), "text": str(error), "back": page_link(request, "list")}
        return render(request, "seats/refused.html", context, status=error.status)
    del request.session[KEY]
    return to_list(request, text)


def kept_act(request: AccountRequest) -> dict[str, Any] | None:
    """What the person did last here and may take back until 15 minutes later."""
    kept: dict[str, Any] | None = request.session.get(KEY)
    if kept is None or kept["account"] != request.account.public_id:
        return None
    return kept if now() - datetime.fromisoformat(kept["at"]) <= UNDO_WITHIN else None


def _keep(request: AccountRequest, kind: str, rows: list[Any], region: Region | None = None) -> None:
    request.session[KEY] = {
        "account": request.account.public_id,
        "kind": kind,
        "rows": rows,
        "to": region.pk if region else None,
        "at": now().isoformat(),
    }


def _with_seats(request: AccountRequest, chosen: Sequence[Membership | Invitation]) -> set[str]:
    """Public ids of those who hold a seat or have one reserved."""
    seats = open_seats(request.account)
    members = seats.filter(membership__in=[one for one in chosen if isinstance(one, Membership)])
    invited = [one for one in chosen if isinstance(one, Invitation)]
    reserved = seats.filter(membership=None, invitation__in=invited)
    return {
        *members.values_list("membership__public_id", flat=True),
        *reserved.values_list("invitation__public_id", flat=True),
    }


def _undo_withdrawal(request: AccountRequest, kept: dict[str, Any], at: datetime) -> str:
    found = list(Invitation.objects.filter(account=request.account, public_id__in=kept["rows"]))
    if len(found) != len(kept["rows"]):
        raise UndoGone
    reopen_invited(account=request.account, invitations=found, actor=actor_of(request), at=at)
    text = ngettext(
        "Undone: %(count)d invitation is open again.", "Undone: %(count)d invitations are open again.", len(found)
    )
    return text % {"count": len(found)}


def _undo_moves(request: AccountRequest, kept: dict[str, Any], at: datetime) -> str:
    """Only while everybody is still where the act put them, and the regions are there."""
    before = dict(kept["rows"])
    people: list[Membership | Invitation] = [
        *members_of(request.account).filter(public_id__in=before, region=kept["to"]),
        *open_invitations_of(request.account).filter(public_id__in=before, region=kept["to"]),
    ]
    regions = {one.pk: one for one in Region.objects.filter(account=request.account)}
    if len(people) != len(before) or any(pk not in regions for pk in before.values() if pk is not None):
        raise UndoGone
    moves: list[Move] = [(one, regions.get(before[one.public_id] or 0)) for one in people]
    move_to_regions(account=request.account, moves=moves, actor=actor_of(request), at=at)
    text = ngettext("Undone: %(count)d person is back.", "Undone: %(count)d people are back.", len(moves))
    return text % {"count": len(moves)}
