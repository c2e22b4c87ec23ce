"""Take idle seats back: choose the people, see what it changes, decide about the seats, then one act."""

from collections.abc import Collection
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, no_permission, requires
from accounts.models import Role
from billing.mirror.queries import open_decrease
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.htmx import render_part
from seats.forms.reclaim import ReclaimForm
from seats.holders.undo import Act, act_to_undo, undo_releases
from seats.insight.people import count_idle, idle_people
from seats.insight.rows import Row
from seats.models import Assignment, Nudge
from seats.reclaim.outlook import after_reclaim, freed_together, reduction_after
from seats.reclaim.queries import asked_of
from seats.reclaim.reclaim_seats import Reclaimed, Then, reclaim_seats
from seats.reclaim.rules import AfterReclaim
from seats.requests.queries import open_wishes
from seats.usage.settings import groups_only
from seats.views.common import counts_for, page_link, seats_sentence, to_list
from seats.views.drop_seats import effect_of

PAGE = "seats/reclaim.html"
# The longest silent; the next ones follow once these are dealt with.
SHOWN = 200
NAMED = 3
# Freeing a seat is one right, what becomes of it may be another.
RIGHTS = {Then.GIVE: "requests.decide", Then.REDUCE: "seats.buy"}


@requires("seats.assign")
def reclaim(request: AccountRequest) -> HttpResponse:
    """Who is idle; `?need=2` chooses the two longest silent. A POST shows what the choice changes, and does it with
    `confirmed`."""
    if groups_only(request.account):
        return render(request, PAGE, {"private": True, "counts_sentence": seats_sentence(counts_for(request))})
    rows = _idle(request)
    if request.method != "POST":
        chosen = _asked_for(request, rows)
        return render(request, PAGE, _context(request, rows, chosen, ReclaimForm()))
    form, chosen = ReclaimForm(request.POST), set(request.POST.getlist("seat")[:SHOWN])
    error = ""
    if "confirmed" in request.POST and form.is_valid() and chosen:
        then, expected = form.choice()
        if then in RIGHTS and RIGHTS[then] not in request.capabilities:
            return no_permission(request, RIGHTS[then])
        try:
            done = reclaim_seats(
                account=request.account,
                seat_ids=chosen,
                then=then,
                expected=expected,
                reason=form.cleaned_data["reason"],
                actor=actor_of(request),
                at=now(),
            )
        except PortalError as caught:
            error, status = str(caught), caught.status
            rows = _idle(request)
        else:
            return redirect(_done_url(request, done))
        return render(request, PAGE, _context(request, rows, chosen, form, error), status=status)
    # The review is no refusal; a field that is wrong is.
    status = 422 if form.errors or ("confirmed" in request.POST and not chosen) else 200
    return render_part(request, PAGE, "effect", _context(request, rows, chosen, form), status=status)


@requires("seats.assign")
@require_safe
def reclaimed(request: AccountRequest, freed_id: str) -> HttpResponse:
    """What one act freed, what became of it, and its undo while there is one."""
    seats = _freed_with(request, freed_id)
    may_undo = all(act_to_undo(seat, user_id=request.membership.user_id, at=now()) == Act.RELEASED for seat in seats)
    plan = open_decrease(request.account)
    context = {
        "seats": seats,
        "counts": counts_for(request),
        "counts_sentence": seats_sentence(counts_for(request)),
        "active": _number(request, "active"),
        "gone": _number(request, "gone"),
        "served": _number(request, "served"),
        "answered": _number(request, "answered"),
        "plan": plan,
        "may_undo": may_undo,
        "undo_url": page_link(request, "reclaim_undo", seats[0].public_id),
    }
    return render(request, "seats/reclaimed.html", context)


@requires("seats.assign")
@require_POST
def undo(request: AccountRequest, freed_id: str) -> HttpResponse:
    """Give all of them back."""
    seats = _freed_with(request, freed_id)
    try:
        count = undo_releases(account=request.account, assignments=seats, actor=actor_of(request), at=now())
    except PortalError as error:
        context = {"title": _("Nothing was undone"), "text": str(error), "back": page_link(request, "list")}
        return render(request, "seats/refused.html", context, status=error.status)
    text = ngettext(
        "Undone: the seat is back with its holder.", "Undone: %(count)d seats are back with their holders.", count
    )
    return to_list(request, text % {"count": count})


def _idle(request: AccountRequest) -> list[Row]:
    """Those who never did anything are silent since they have the seat."""
    rows = idle_people(request.account, now(), size=SHOWN)
    return sorted(rows, key=lambda row: -row.state.days)


def _asked_for(request: AccountRequest, rows: list[Row]) -> set[str]:
    """The seats named in the address, or as many of the longest silent as are needed; owners are never proposed."""
    named = set(request.GET.getlist("seat"))
    need = request.GET.get("need", "")
    wanted = int(need) if need.isascii() and need.isdigit() and len(need) < 6 else 0
    fit = [row.seat.public_id for row in rows if row.seat and row.membership and row.membership.role != Role.OWNER]
    return named or set(fit[:wanted])


def _context(
    request: AccountRequest, rows: list[Row], chosen: Collection[str], form: ReclaimForm, error: str = ""
) -> dict[str, Any]:
    account, counts, at = request.account, counts_for(request), now()
    mine = [row for row in rows if row.seat and row.seat.public_id in chosen]
    after = after_reclaim(account, counts, len(mine))
    asking = list(open_wishes(account)[: after.left]) if "requests.decide" in request.capabilities else []
    asked = asked_of(account, [row.membership.pk for row in rows if row.membership], Nudge.Kind.IDLE, at)
    return {
        "rows": [(row, asked[row.membership.pk].at if row.membership else None) for row in rows],
        "chosen": {row.seat.public_id for row in mine if row.seat},
        "picked": mine,
        "named": mine[:NAMED],
        "unnamed": max(len(mine) - NAMED, 0),
        "idle_count": count_idle(account, at),
        "counts": counts,
        "counts_sentence": seats_sentence(counts),
        "after": after,
        "asking": asking if after.seated else [],
        "planned": open_decrease(account),
        "then": form.data.get("then") or Then.KEEP,
        "form": form,
        "error": error,
        **_reduction(request, after),
    }


def _reduction(request: AccountRequest, after: AfterReclaim) -> dict[str, Any]:
    """What planning the freed seats away means in money, or in one word why it is not offered."""
    if "seats.buy" not in request.capabilities:
        return {"no_reduction": "permission"}
    found = reduction_after(request.account, after, now())
    if found.item is None:
        return {"no_reduction": found.refused, "lowest": found.lowest}
    return {"effect": effect_of(found.item, after.reduced_to, counts_for(request))}


def _freed_with(request: AccountRequest, freed_id: str) -> list[Assignment]:
    """The seats that one act released. Raises Http404."""
    seats = freed_together(request.account, freed_id)
    if not seats:
        raise Http404
    return seats


def _done_url(request: AccountRequest, done: Reclaimed) -> str:
    numbers = {
        "active": len(done.active),
        "gone": done.gone,
        "served": done.served,
        "answered": len(done.answered),
    }
    shown = {name: number for name, number in numbers.items() if number}
    return page_link(request, "reclaimed", done.freed[0].public_id, **shown)


def _number(request: AccountRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
