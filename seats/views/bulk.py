"""Act on several rows of the table: the effect is said first, then done, all or none."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.models import Account, Membership
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.forms.people import BulkForm
from seats.holders.claim import claim
from seats.holders.queries import open_seats
from seats.holders.release_seat import release_seats
from seats.models import Assignment
from seats.views.bulk_more import move_many, reassign_many, resend_many
from seats.views.bulk_undone import move_regions, withdraw_many
from seats.views.common import counts_for, page_link, to_list
from seats.views.missing_price import price_of_missing


@requires("seats.assign")
@require_POST
def bulk(request: AccountRequest) -> HttpResponse:
    """Without `confirmed`, the page that says what would happen; with it, do it."""
    form = BulkForm(request.POST, account=request.account)
    if not form.is_valid():
        refusal = {
            "title": _("Nobody is chosen"),
            "text": _("Choose people in the table first."),
            "back": page_link(request, "list"),
        }
        return render(request, "seats/refused.html", refusal, status=422)
    action, chosen = form.cleaned_data["action"], list(form.cleaned_data["person"])
    seats = _seats_of(request.account, chosen)
    if action == "reassign":
        return reassign_many(request, chosen, seats)
    if action == "department":
        return move_many(request, chosen)
    invitations = list(form.cleaned_data["invitation"])
    if action == "region":
        return move_regions(request, [*chosen, *invitations])
    if action == "resend":
        return resend_many(request, invitations)
    if action == "withdraw":
        return withdraw_many(request, invitations)
    giving = action == "assign"
    people = [member for member in chosen if (member.pk in seats) != giving]
    error: PortalError | None = None
    if "confirmed" in request.POST and people:
        try:
            return _act(request, people, seats, giving=giving)
        except PortalError as caught:
            error = caught
    counts = counts_for(request)
    missing = max(counts.assigned + len(people) - counts.limit, 0) if giving else 0
    context: dict[str, Any] = {
        "giving": giving,
        "people": people,
        "chosen": chosen,
        "left_out": len(chosen) - len(people),
        "missing": missing,
        # Asked for while the effect is shown; a refusal after the click needs no answer of Stripe.
        "price": "" if error else price_of_missing(request, missing),
        "counts": counts,
        "error": error,
    }
    return render(request, "seats/bulk.html", context, status=error.status if error else 200)


def _act(
    request: AccountRequest, people: list[Membership], seats: dict[int, Assignment], *, giving: bool
) -> HttpResponse:
    count = len(people)
    if giving:
        moved = claim(account=request.account, members=people, actor=actor_of(request), at=now())
        text = ngettext("%(count)d seat was given.", "%(count)d seats were given.", count)
    else:
        moved = [seats[m.pk] for m in people]
        release_seats(account=request.account, assignments=moved, actor=actor_of(request), at=now())
        text = ngettext("%(count)d seat is free.", "%(count)d seats are free.", count)
    return to_list(request, text % {"count": count}, undo=moved)


@requires("seats.assign")
@require_safe
def bulk_effect(request: AccountRequest) -> HttpResponse:
    """One sentence for the bar below the table while people are being chosen."""
    return HttpResponse(_effect(request, request.GET))


def _effect(request: AccountRequest, query: QueryDict) -> str:
    form = BulkForm(_with_action(query), account=request.account)
    if not form.is_valid():
        return ""
    chosen = list(form.cleaned_data["person"])
    held = len(_seats_of(request.account, chosen))
    without = len(chosen) - held
    counts = counts_for(request)
    missing = counts.assigned + without - counts.limit
    words = []
    if without and missing > 0:
        words.append(
            ngettext("Giving needs %(count)d more seat.", "Giving needs %(count)d more seats.", missing)
            % {"count": missing}
        )
        if price := price_of_missing(request, missing):
            words.append(ngettext("It costs %(price)s now.", "They cost %(price)s now.", missing) % {"price": price})
    elif without:
        words.append(
            ngettext("Giving uses %(count)d free seat.", "Giving uses %(count)d free seats.", without)
            % {"count": without}
        )
    if held:
        words.append(
            ngettext("Releasing frees %(count)d seat.", "Releasing frees %(count)d seats.", held) % {"count": held}
        )
    if invited := len(form.cleaned_data["invitation"]):
        text = ngettext("%(count)d invitation can be sent again.", "%(count)d invitations can be sent again.", invited)
        words.append(text % {"count": invited})
        if reserved := open_seats(request.account).filter(invitation__in=form.cleaned_data["invitation"]).count():
            text = ngettext("Withdrawing frees %(count)d seat.", "Withdrawing frees %(count)d seats.", reserved)
            words.append(text % {"count": reserved})
    return " ".join(words)


def _with_action(query: QueryDict) -> QueryDict:
    copy = query.copy()
    copy["action"] = "assign"
    return copy


def _seats_of(account: Account, people: Sequence[Membership]) -> dict[int, Assignment]:
    """The open seats of the given members."""
    held = open_seats(account).filter(membership__in=people)
    return {seat.membership_id: seat for seat in held if seat.membership_id is not None}
