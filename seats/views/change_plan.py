"""Change the plan or its interval: what there is, what it costs now, what it saves, and the click."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.catalog.pricing import amount
from billing.catalog.queries import prices_on_offer, scheme_of
from billing.changes.buy_quote import buy_quote
from billing.errors import OrderNumberWrong, QuoteChanged, QuoteExpired, QuoteUnknown
from billing.mirror.queries import card_of, live_subscription, seat_item
from billing.models import Price, SubscriptionItem
from billing.quotes.queries import quote_of
from billing.quotes.quote_plan import length, quote_plan
from billing.terms.queries import terms_in_force
from billing.views.words import interval_words
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.templatetags.portal import money
from seats.forms.purchase import OrderNumberForm
from seats.views.approval import approval_of
from seats.views.price_rows import button_of, rows_of, sentence_of

PAGE = "seats/change_plan.html"
PER_YEAR = {"month": 12, "year": 1}


@dataclass(frozen=True)
class Choice:
    """A price that one can switch to. seats: how many it is asked for; minimum: above zero when the plan needs more."""

    price: Price
    seats: int
    total: int
    interval: str
    saving: str
    minimum: int


@requires("billing.manage")
@require_safe
def change_plan(request: AccountRequest) -> HttpResponse:
    """Other prices in the subscription's currency; with `?price=prc_…` what the switch costs, from Stripe."""
    return render(request, PAGE, _context(request, request.GET.get("price", ""), request.GET.get("quantity", "")))


@requires("billing.manage")
def pay_plan(request: AccountRequest) -> HttpResponse:
    """Switch at the price that was shown; a price that no longer holds is asked for again."""
    if request.method != "POST":
        return redirect("seats:change_plan", request.account.slug)
    quote, form = None, OrderNumberForm(request.POST)
    try:
        quote = quote_of(request.account, request.POST.get("quote_id", ""))
        if not form.is_valid():
            raise OrderNumberWrong(field="po_number")
        change = buy_quote(
            account=request.account,
            quote_id=quote.public_id,
            actor=actor_of(request),
            at=now(),
            po_number=form.cleaned_data["po_number"],
        )
    except PortalError as error:
        again = isinstance(error, QuoteExpired | QuoteChanged | QuoteUnknown) and quote is not None
        price = Price.objects.filter(stripe_id=quote.target_price_stripe_id).first() if again and quote else None
        context = _context(request, price.public_id if price else "", str(quote.target_quantity) if quote else "")
        return render(request, PAGE, context | {"notice": str(error)}, status=error.status)
    return redirect("seats:purchase", request.account.slug, change.public_id)


def _context(request: AccountRequest, price_id: str, quantity: str) -> dict[str, Any]:
    subscription = live_subscription(request.account)
    item = seat_item(subscription) if subscription else None
    context: dict[str, Any] = {
        "subscription": subscription,
        "item": item,
        "chosen": price_id,
        "order": OrderNumberForm(),
    }
    if subscription is None or item is None:
        return context
    context["choices"] = [
        _choice(request, price, item)
        for price in prices_on_offer(subscription.currency)
        if price.pk != item.price_id and length(price) >= length(item.price)
    ]
    context["seats"] = item.quantity
    context["today"] = money(amount(scheme_of(item.price), item.quantity), item.price.currency)
    context["interval"] = interval_words(item.price.interval, item.price.interval_count)
    if price_id:
        context |= _priced(
            request, item, price_id, int(quantity) if quantity.isdecimal() and len(quantity) < 7 else None
        )
    return context


def _priced(request: AccountRequest, item: SubscriptionItem, price_id: str, quantity: int | None) -> dict[str, Any]:
    try:
        quote = quote_plan(
            account=request.account, actor=actor_of(request), price_id=price_id, quantity=quantity, at=now()
        )
    except PortalError as error:
        return {"refusal": error, "seats": quantity or item.quantity}
    target = Price.objects.select_related("plan").get(stripe_id=quote.target_price_stripe_id)
    slug = request.account.slug
    rows = rows_of(quote, item=item, card=card_of(request.account), trial=False, account_slug=slug, target=target)
    return {
        "quote": quote,
        "seats": quote.target_quantity,
        "target": target,
        "rows": rows,
        "approval": approval_of(request, quote),
        "sentence": sentence_of(quote),
        "button": button_of(quote, target=target),
        "yearly": target.interval == "year",
    }


def _choice(request: AccountRequest, price: Price, item: SubscriptionItem) -> Choice:
    held = terms_in_force(request.account, price.plan, now())
    seats = max(item.quantity, held.minimum)
    return Choice(
        price=price,
        seats=seats,
        total=amount(scheme_of(price), seats),
        interval=interval_words(price.interval, price.interval_count),
        saving=saving_words(item.price, price, item.quantity),
        minimum=held.minimum if held.minimum > item.quantity else 0,
    )


def saving_words(today: Price, other: Price, seats: int) -> str:
    """What the other price saves in a year by list price; empty when it saves nothing or cannot be compared."""
    before, after = _in_a_year(today, seats), _in_a_year(other, seats)
    if before is None or after is None or after >= before:
        return ""
    return _("You save %(amount)s a year (%(percent)d %%)") % {
        "amount": money(before - after, today.currency),
        "percent": (before - after) * 100 // before,
    }


def _in_a_year(price: Price, seats: int) -> int | None:
    times = PER_YEAR.get(price.interval)
    return amount(scheme_of(price), seats) * times // price.interval_count if times else None
