"""Reduce: fewer seats from the next period on, and its undo before then."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.catalog.pricing import amount
from billing.catalog.queries import scheme_of
from billing.changes.decreases import plan_decrease, withdraw_decrease
from billing.mirror.queries import live_subscription, open_decrease, purchase_under_way, seat_item
from billing.models import SubscriptionItem
from billing.terms.queries import terms_in_force
from billing.terms.rules import InForce, lowest_from
from billing.views.words import interval_words
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seatportal.kit.htmx import render_part
from seats.capacity.choose_leavers import too_many_for
from seats.capacity.rules import limit_at
from seats.forms.reduce import ReduceForm
from seats.holders.queries import SeatCounts
from seats.views.common import counts_for, seats_sentence

PAGE = "seats/reduce.html"


@dataclass(frozen=True)
class Effect:
    """What a lower number means. difference: minor units per period by list price, above zero is dearer."""

    quantity: int
    removed: int
    difference: int
    before: int
    after: int
    currency: str
    interval: str
    from_day: datetime
    beyond: int
    dearer: bool


@requires("seats.buy")
def reduce_seats(request: AccountRequest) -> HttpResponse:
    """Show what `?quantity=8` means from the next period on; on POST plan it."""
    subscription = live_subscription(request.account)
    item = seat_item(subscription) if subscription else None
    if request.method == "POST":
        return _plan(request, item)
    planned = open_decrease(request.account)
    start = planned.renew_quantity if planned else item.quantity - 1 if item and item.quantity > 1 else 1
    quantity = request.GET.get("quantity", str(start))
    form = ReduceForm({"quantity": quantity}, item=item, held=_held(request, item)) if item else None
    return render_part(request, PAGE, "effect", _context(request, item, form, quantity))


@requires("seats.buy")
@require_POST
def keep_seats(request: AccountRequest) -> HttpResponse:
    """Undo the planned reduction."""
    try:
        withdrawn = withdraw_decrease(account=request.account, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        if withdrawn:
            messages.success(request, _("The reduction is undone. All seats stay."))
    return redirect("seats:reduce", request.account.slug)


def _plan(request: AccountRequest, item: SubscriptionItem | None) -> HttpResponse:
    form = ReduceForm(request.POST, item=item, held=_held(request, item))
    if form.is_valid():
        try:
            plan = plan_decrease(
                account=request.account,
                quantity=form.cleaned_data["quantity"],
                reason=form.cleaned_data["reason"],
                actor=actor_of(request),
                at=now(),
            )
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The reduction is planned.") if plan else _("All seats stay."))
            return redirect("seats:reduce", request.account.slug)
    context = _context(request, item, form, request.POST.get("quantity", ""))
    return render(request, PAGE, context, status=422)


def _context(
    request: AccountRequest, item: SubscriptionItem | None, form: ReduceForm | None, quantity: str
) -> dict[str, Any]:
    counts, held = counts_for(request), _held(request, item)
    chosen = form.cleaned_data.get("quantity") if form is not None and form.is_valid() else None
    effect = effect_of(item, chosen, counts) if item is not None and chosen is not None else None
    return {
        "item": item,
        "form": form,
        "quantity": quantity,
        "counts": counts,
        "counts_sentence": seats_sentence(counts),
        "effect": effect,
        "planned": (planned := open_decrease(request.account)),
        "leavers": too_many_for(planned) if planned and "seats.assign" in request.capabilities else 0,
        "blocking": purchase_under_way(request.account),
        "button": _button(effect),
        "held": held,
        "minimum": lowest_from(held, item.period_end) if item and held else 1,
    }


def _held(request: AccountRequest, item: SubscriptionItem | None) -> InForce | None:
    """The bounds that hold today."""
    return terms_in_force(request.account, item.price.plan, now()) if item else None


def effect_of(item: SubscriptionItem, quantity: int, counts: SeatCounts) -> Effect:
    """Compare today's number with a lower one, by list price. Pure but for the price's tiers."""
    scheme = scheme_of(item.price)
    before, after = amount(scheme, item.quantity), amount(scheme, quantity)
    return Effect(
        quantity=quantity,
        removed=item.quantity - quantity,
        difference=abs(after - before),
        before=before,
        after=after,
        currency=item.price.currency,
        interval=interval_words(item.price.interval, item.price.interval_count),
        from_day=item.period_end,
        beyond=max(counts.assigned - limit_at(counts, counts.account, purchased=quantity, at=item.period_end), 0),
        dearer=after > before,
    )


def _button(effect: Effect | None) -> str:
    if effect is None or not effect.removed:
        return ""
    return ngettext(
        "Remove %(count)d seat from the next period on",
        "Remove %(count)d seats from the next period on",
        effect.removed,
    ) % {"count": effect.removed}
