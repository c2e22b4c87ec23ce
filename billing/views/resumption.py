"""A paused subscription goes on: what it costs, then one button; and what to do when the payment did not come."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.changes.decline import decline_words
from billing.changes.resume_paused import (
    follow_resumption,
    open_resumption,
    pay_resumption,
    price_resumption,
    resume_paused,
    stop_resumption,
)
from billing.errors import NoCard, NotPaused
from billing.mirror.queries import card_of, invoices_of, live_subscription, seat_item
from billing.models import Resumption
from billing.views.words import card_name
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.templatetags.portal import money

State = Resumption.State


@requires("billing.manage")
def restart(request: AccountRequest) -> HttpResponse:
    """The price of going on; POST agrees to it. While a payment is awaited, the ways to pay."""
    subscription = live_subscription(request.account)
    if subscription is None or subscription.status != "paused":
        return redirect("billing:plan", request.account.slug)
    error = ""
    if request.method == "POST":
        try:
            wish = resume_paused(
                account=request.account, actor=actor_of(request), at=now(), agreed=_agreed(request.POST.get("due", ""))
            )
        except PortalError as problem:
            error = str(problem)
        else:
            return _went(request, wish)
    return _page(request, error)


@requires("billing.manage")
@require_POST
def pay(request: AccountRequest) -> HttpResponse:
    """Try the waiting payment again with the card now on file."""
    try:
        return _went(request, pay_resumption(account=request.account, actor=actor_of(request), at=now()))
    except NotPaused:
        return redirect("billing:restart", request.account.slug)
    except PortalError as problem:
        return _page(request, str(problem))


@requires("billing.manage")
@require_POST
def stop(request: AccountRequest) -> HttpResponse:
    """Leave it paused."""
    try:
        wish = stop_resumption(account=request.account, actor=actor_of(request), at=now())
    except PortalError as problem:
        messages.error(request, str(problem))
    else:
        if wish.state != State.ABANDONED:
            return _went(request, wish)  # It was paid before it could be stopped, or that is not known yet.
        messages.info(request, _("Nothing was charged. The subscription stays paused."))
    return redirect("billing:plan", request.account.slug)


def _page(request: AccountRequest, error: str = "") -> HttpResponse:
    """What is needed next: a card, a click, or a payment. An error of this very request comes with its status."""
    wish, card, price = open_resumption(request.account), card_of(request.account), None
    if wish is not None:
        wish = follow_resumption(wish=wish, at=now())
        if wish.state == State.DONE:
            return _went(request, wish)
    if wish is None or not wish.is_open:
        wish = None
        try:
            price = price_resumption(account=request.account)
        except NoCard:
            card = None
        except PortalError as problem:
            error = error or str(problem)
    subscription = live_subscription(request.account)
    bill = invoices_of(request.account).filter(stripe_id=wish.invoice_stripe_id).first() if wish else None
    context = {
        "item": seat_item(subscription) if subscription else None,
        "wish": wish,
        "price": price,
        "card": card_name(card) if card else "",
        "why": decline_words(wish.decline_code) if wish and wish.decline_code else "",
        "link": bill.hosted_url if bill else "",
        "error": error,
    }
    return render(request, "billing/restart.html", context, status=409 if error and request.method == "POST" else 200)


def _went(request: AccountRequest, wish: Resumption) -> HttpResponse:
    """Say what came of it, as far as it is known."""
    if wish.state == State.DONE:
        text = _("The subscription goes on, and the seats work again. Charged: %(amount)s.")
        messages.success(request, text % {"amount": money(wish.charged_total or 0, wish.currency)})
        return redirect("billing:plan", request.account.slug)
    if wish.state == State.FAILED:
        messages.error(request, _("The payment service refused this. Nothing was charged and it stays paused."))
    return redirect("billing:restart", request.account.slug)


def _agreed(text: str) -> int:
    """The amount that the page showed; anything else agrees to no price that there is."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1
