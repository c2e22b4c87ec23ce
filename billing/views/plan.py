"""The plan: what one has, what it costs by number of seats, and the choice of a first one."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from billing.catalog.pricing import amount
from billing.catalog.queries import prices_on_offer, scheme_of
from billing.changes.resume_paused import BY_TRIAL
from billing.forms import PlanForm
from billing.mirror.queries import card_of, customer_of, live_subscription, open_decrease, seat_item
from billing.models import Price, Subscription, SubscriptionItem
from billing.terms.queries import terms_in_force, terms_of
from billing.terms.rules import InForce, in_force
from billing.views.words import card_name, interval_words, status_badge
from seatportal.kit.clock import now
from seatportal.kit.htmx import render_part

# Numbers of seats for which the table names the price.
EXAMPLES = (1, 5, 10, 11, 25, 50)
FIRST_NUMBER = 5


@dataclass(frozen=True)
class Step:
    """One line of a price table. first and last: seats; last None is open. Amounts in minor units."""

    first: int
    last: int | None
    each: int
    once: int


@dataclass(frozen=True)
class Offer:
    """A price as it is shown."""

    price: Price
    steps: list[Step]
    examples: list[tuple[int, int]]
    interval: str
    scheme: str
    lowest: int


@requires("billing.view")
@require_safe
def plan(request: AccountRequest) -> HttpResponse:
    """What the account has; or what it can choose."""
    subscription = live_subscription(request.account)
    if subscription is None:
        return render_part(request, "billing/choose_plan.html", "plans", choice_context(request))
    item = seat_item(subscription)
    return render(request, "billing/plan.html", _present(request, subscription, item))


def _present(request: AccountRequest, subscription: Subscription, item: SubscriptionItem | None) -> dict[str, Any]:
    card, customer = card_of(request.account), customer_of(request.account)
    held = terms_in_force(request.account, item.price.plan, now()) if item else None
    offer = offer_of(item.price, held) if item and held else None
    return {
        "subscription": subscription,
        "item": item,
        "offer": offer,
        "held": held,
        "recurring": amount(scheme_of(item.price), item.quantity) if item else None,
        "resumable": subscription.status == "paused" and subscription.pause_cause == BY_TRIAL,
        "badge": status_badge(subscription),
        "card": card_name(card) if card else "",
        "credit": -customer.balance if customer and customer.balance < 0 else 0,
        "planned": open_decrease(request.account),
        "terms": terms_of(request.account),
    }


def choice_context(request: AccountRequest, form: PlanForm | None = None) -> dict[str, Any]:
    """Plans on offer in one currency."""
    every = prices_on_offer()
    currencies = sorted({price.currency for price in every})
    customer = customer_of(request.account)
    # Stripe keeps a customer to the currency of its first purchase.
    fixed = customer.currency if customer else ""
    wanted = fixed or (form.data.get("currency") if form else "") or request.GET.get("currency", "")
    currency = wanted if wanted in currencies else _usual(request, currencies)
    prices = [price for price in every if price.currency == currency]
    wish = {"quantity": request.GET.get("quantity", FIRST_NUMBER), "price": request.GET.get("price", "")}
    form = form or PlanForm(prices=prices, initial=wish)
    number = str(form["quantity"].value() or "")
    seats = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 0
    terms, at = terms_of(request.account), now()
    return {
        "form": form,
        "offers": [_offered(price, seats, in_force(terms, price.plan, at)) for price in prices],
        "seats": seats,
        "currency": currency,
        "currencies": [] if fixed else currencies,
        "chosen": form["price"].value() or (prices[0].public_id if prices else ""),
        "cancelled": "cancelled" in request.GET,
    }


def _offered(price: Price, seats: int, held: InForce) -> tuple[Offer, InForce, int | None]:
    """A price, its bounds, and what a number of seats costs by list price; nothing where the plan does not sell it."""
    together = amount(scheme_of(price), seats) if held.minimum <= seats <= held.maximum else None
    return offer_of(price, held), held, together


def _usual(request: AccountRequest, currencies: list[str]) -> str:
    """Euro where the account's language is German or Spanish, else dollar, else what there is."""
    usual = "eur" if request.account.locale[:2] in ("de", "es") else "usd"
    return usual if usual in currencies else next(iter(currencies), "")


def offer_of(price: Price, held: InForce) -> Offer:
    """The steps of a price and what usual numbers of seats cost by it."""
    scheme, steps, first = scheme_of(price), list[Step](), 1
    for tier in scheme.tiers:
        steps.append(Step(first, tier.up_to, tier.unit_amount, tier.flat_amount))
        first = (tier.up_to or first) + 1
    if not steps:
        steps = [Step(1, None, price.unit_amount or 0, 0)]
    numbers = [n for n in EXAMPLES if held.minimum <= n <= held.maximum]
    return Offer(
        price=price,
        steps=steps,
        examples=[(n, amount(scheme, n)) for n in numbers],
        interval=interval_words(price.interval, price.interval_count),
        scheme=scheme.kind,
        lowest=min(step.each for step in steps),
    )
