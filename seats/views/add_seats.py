"""Add seats: the price of a number, and the click that buys it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, no_permission, requires
from billing.catalog.pricing import cheaper_above, next_step
from billing.catalog.queries import scheme_of
from billing.errors import ApprovalRequired, QuantityWrong, QuoteChanged, QuoteExpired, QuoteUnknown
from billing.mirror.queries import (
    card_of,
    changes_of,
    live_subscription,
    open_decrease,
    overdue_invoice,
    purchase_under_way,
    seat_item,
)
from billing.models import QuantityChange, Quote, SubscriptionItem
from billing.quotes.queries import quote_of
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.queries import terms_in_force
from billing.views.words import interval_words
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seatportal.kit.htmx import render_part
from seatportal.kit.money import format_money
from seats.errors import BudgetExceeded
from seats.forms.purchase import PurchaseForm
from seats.forms.requests import PurchaseRequestForm
from seats.holders.buy_and_assign import buy_and_assign
from seats.insight.bands import utilization_in
from seats.insight.people import count_idle
from seats.pool.budgets import budgets_left
from seats.rollout.rules import first_step
from seats.usage.settings import groups_only
from seats.views.approval import approval_of
from seats.views.common import counts_for, page_link, seats_sentence
from seats.views.price_rows import button_of, rows_of, sentence_of

PAGE = "seats/add_seats.html"
CHIPS = (1, 2, 5, 10)
# With these no number of seats has a price.
BLOCKING = frozenset(
    [
        "no_subscription",
        "subscription_past_due",
        "change_in_progress",
        "no_payment_method",
        "renewal_soon",
        "subscription_ending",
        "not_self_service",
    ]
)
# More digits than any seat number has; beyond it the number is not read at all.
LONGEST = 6


@dataclass(frozen=True)
class Refusal:
    """Why there is no price: the error's code chooses the words and the way out."""

    code: str
    text: str
    data: dict[str, Any]


@requires("seats.buy")
@require_safe
def add_seats(request: AccountRequest) -> HttpResponse:
    """The price of `?add=2` more seats, straight from Stripe; alone for htmx, in its page otherwise."""
    add = _number(request.GET.get("add", "1"))
    quote, refusal = _quote(request, add)
    form = pay_form(request, added=add or 1)
    context = _offer(request, quote, refusal, add=add) | _page(request, form)
    return render_part(request, PAGE, "answer", context)


@requires("seats.buy")
def pay(request: AccountRequest) -> HttpResponse:
    """Buy the price that was shown. Only its id is believed; a price that no longer holds is shown beside a new one."""
    if request.method != "POST":
        return redirect("seats:add", request.account.slug)  # A reload, or the way back from a sign-in.
    try:
        quote = quote_of(request.account, request.POST.get("quote_id", ""))
    except QuoteUnknown as error:
        return _refused(request, error, None)
    if quote.kind == Quote.Kind.PLAN and "billing.manage" not in request.capabilities:
        return no_permission(request, "billing.manage")
    form = pay_form(request, added=quote.added, data=True)
    if quote.consumed_at is None and not form.is_valid():
        context = _offer(request, quote, None, add=quote.added) | _page(request, form)
        return render(request, PAGE, context, status=422)
    try:
        change = buy_and_assign(
            account=request.account,
            quote_id=quote.public_id,
            members=form.members,
            emails=form.addresses,
            department=form.department,
            reason=getattr(form, "cleaned_data", {}).get("reason", ""),
            po_number=getattr(form, "cleaned_data", {}).get("po_number", ""),
            actor=actor_of(request),
            at=now(),
        )
    except BudgetExceeded as error:
        # The price stands; fewer people, or another department, and it can be paid.
        put_error(form, error)
        context = _offer(request, quote, None, add=quote.added) | _page(request, form)
        return render(request, PAGE, context, status=error.status)
    except PortalError as error:
        return _refused(request, error, quote, form)
    return redirect("seats:purchase", request.account.slug, change.public_id)


def _refused(
    request: AccountRequest, error: PortalError, old: Quote | None, form: PurchaseForm | None = None
) -> HttpResponse:
    """Nothing was charged. A price that moved is asked for again and shown beside the old one."""
    add = old.added if old else 1
    if isinstance(error, QuoteExpired | QuoteChanged | QuoteUnknown):
        quote, refusal = _quote(request, add)
    elif isinstance(error, ApprovalRequired):
        # Somebody used the rest meanwhile: the price stands, and goes to those who approve.
        quote, old, refusal = old, None, None
    else:
        quote, refusal = None, _refusal(error)
    context = _offer(request, quote, refusal, add=add) | _page(request, form or pay_form(request, added=add))
    if old is not None and quote is not None:
        context |= {"old": old, "mover": _mover(old)}
    return render(request, PAGE, context | {"notice": str(error)}, status=error.status)


def _quote(request: AccountRequest, add: int | None) -> tuple[Quote | None, Refusal | None]:
    if add is None:
        return None, _refusal(QuantityWrong(field="add"))
    try:
        return quote_quantity(account=request.account, actor=actor_of(request), add=add, at=now()), None
    except PortalError as error:
        return None, _refusal(error)


def _refusal(error: PortalError) -> Refusal:
    return Refusal(code=error.code, text=str(error), data=error.data)


def _mover(old: Quote) -> QuantityChange | None:
    """The purchase that made a price stale, if it was one of ours."""
    later = changes_of(old.account).filter(state=QuantityChange.State.APPLIED, settled_at__gte=old.created_at)
    return later.order_by("-settled_at").first()


def pay_form(request: AccountRequest, *, added: int, data: bool = False) -> PurchaseForm:
    """Who gets the seats, and notes; data: as it was sent."""
    room = added + counts_for(request).free
    may_assign = "seats.assign" in request.capabilities
    initial = {"emails": request.GET.get("emails", ""), "people": request.GET.getlist("people")}
    subscription = live_subscription(request.account)
    return PurchaseForm(
        request.POST if data else None,
        initial=initial,
        account=request.account,
        room=room,
        may_assign=may_assign,
        on_credit=subscription is not None and subscription.collection_method == "send_invoice",
    )


def _page(request: AccountRequest, form: PurchaseForm) -> dict[str, Any]:
    counts = counts_for(request)
    return {
        "form": form,
        "chips": CHIPS,
        "counts": counts,
        "budgets": budgets_left(request.account) if "emails" in form.fields else [],
        "counts_sentence": seats_sentence(counts),
        "idle": count_idle(request.account, now()),
        "idle_url": _idle_url(request),
    }


def _idle_url(request: AccountRequest) -> str:
    """Where as many idle seats are chosen as are to be bought; nowhere for those who may not, and in privacy mode."""
    if "seats.assign" not in request.capabilities or groups_only(request.account):
        return ""
    need = _number(request.POST.get("add") or request.GET.get("add", ""))
    return page_link(request, "reclaim", need=need or 1)


def show_priced(
    request: AccountRequest, quote: Quote, form: PurchaseForm, *, ask: PurchaseRequestForm, status: int
) -> HttpResponse:
    """The page with a price that was to be sent for approval, and what must be mended first."""
    context = _offer(request, quote, None, add=quote.added, ask=ask) | _page(request, form)
    return render(request, PAGE, context, status=status)


def _offer(
    request: AccountRequest,
    quote: Quote | None,
    refusal: Refusal | None,
    *,
    add: int | None,
    ask: PurchaseRequestForm | None = None,
) -> dict[str, Any]:
    """What the swapped part shows: the price with its button, or why there is none and what to do."""
    account, subscription = request.account, live_subscription(request.account)
    item = seat_item(subscription) if subscription else None
    held = terms_in_force(account, item.price.plan, now()) if item else None
    context: dict[str, Any] = {
        "add": add if add is not None else request.GET.get("add", ""),
        "add_url": page_link(request, "add"),
        "subscription": subscription,
        "item": item,
        "quote": quote,
        "refusal": refusal,
        "total": item.quantity + add if item and add else None,
        "planned": open_decrease(account),
    }
    if quote is not None and item is not None and held is not None:
        trial = subscription is not None and subscription.status == "trialing"
        context |= {
            "rows": rows_of(quote, item=item, card=card_of(account), trial=trial, account_slug=account.slug),
            "sentence": sentence_of(quote),
            "button": button_of(quote),
            "approval": approval_of(request, quote, form=ask),
            "advice": _advice(item, quote.target_quantity, held.maximum, request.LANGUAGE_CODE),
            "first": _first_step(request, quote.added),
        }
    elif refusal is not None:
        context |= {
            "blocking": purchase_under_way(account) if refusal.code == "change_in_progress" else None,
            "overdue": overdue_invoice(account) if refusal.code == "subscription_past_due" else None,
            "blocked": refusal.code in BLOCKING,
        }
        if item is not None and held is not None:
            context |= {
                "held": held,
                "most": max(held.maximum - item.quantity, 0),
                "least": max(held.minimum - item.quantity, 1),
            }
    return context


def _first_step(request: AccountRequest, add: int) -> dict[str, Any] | None:
    """Many at once while few are used: a smaller start, and the rest as a rollout. Never a refusal."""
    use = utilization_in(counts_for(request), now())
    step = first_step(use, add)
    return None if step is None else {"add": step, "use": use}


def _advice(item: SubscriptionItem, quantity: int, maximum: int, language: str) -> dict[str, Any] | None:
    """Tier advice: a larger number that costs less, or the next step when it is near. A hint, never a charge."""
    price, scheme = item.price, scheme_of(item.price)
    every = interval_words(price.interval, price.interval_count)
    better = cheaper_above(scheme, quantity)
    if better is not None and better.quantity <= maximum:
        return {
            "kind": "cheaper",
            "add": better.quantity - item.quantity,
            "quantity": better.quantity,
            "instead_of": quantity,
            "saving": format_money(better.saving, price.currency, language),
            "interval": every,
        }
    step = next_step(scheme, quantity)
    if step is not None and step[0] <= 5 and quantity + step[0] <= maximum:
        return {
            "kind": "step",
            "add": quantity + step[0] - item.quantity,
            "quantity": quantity + step[0],
            "each": format_money(step[1], price.currency, language),
            "interval": every,
            "volume": price.scheme == price.Scheme.VOLUME,
        }
    return None


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST else None
