"""The first purchase: to Stripe's page and back."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.catalog.queries import prices_on_offer
from billing.changes.checkout import after_checkout, start_checkout
from billing.errors import ChangeInProgress, MinimumSeats, ProviderUnavailable, TooManySeats
from billing.forms import PlanForm
from billing.mirror.queries import live_subscription, seat_item
from billing.models import Price
from billing.views.plan import choice_context
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error


@requires("billing.manage")
def checkout(request: AccountRequest) -> HttpResponse:
    """Open Stripe's page for the chosen plan and number; what is wrong is said at its field."""
    if request.method != "POST":
        return redirect("billing:plan", request.account.slug)
    prices = prices_on_offer(request.POST.get("currency") or None)
    form = PlanForm(request.POST, prices=prices)
    refusal: PortalError | None = None
    if form.is_valid():
        done, plan = (
            f"{settings.SITE_URL}{reverse(name, args=[request.account.slug])}"
            for name in ("billing:checkout-done", "billing:plan")
        )
        try:
            url = start_checkout(
                account=request.account,
                price=form.chosen,
                quantity=form.cleaned_data["quantity"],
                actor=actor_of(request),
                success_url=done,
                cancel_url=f"{plan}?cancelled=1",
                at=now(),
            )
        except ChangeInProgress:
            return redirect("billing:plan", request.account.slug)
        except PortalError as error:
            put_error(form, error)
            refusal = error
        else:
            return redirect(url)
    context = choice_context(request, form) | _ways_out(request, refusal, prices)
    return render(request, "billing/choose_plan.html", context, status=422)


def _ways_out(request: AccountRequest, refusal: PortalError | None, prices: list[Price]) -> dict[str, Any]:
    """Below a plan's minimum: plans that sell the number. Above self-service: the request for an offer."""
    if isinstance(refusal, MinimumSeats):
        wanted = refusal.data.get("alternatives", [])
        return {"alternatives": [price for price in prices if price.public_id in wanted]}
    return {"too_many": isinstance(refusal, TooManySeats)}


@requires("billing.manage")
@require_safe
def checkout_done(request: AccountRequest) -> HttpResponse:
    """Back from Stripe's page. Being here proves nothing: the subscription is read until it is there."""
    try:
        found = after_checkout(account=request.account, at=now())
    except ProviderUnavailable:
        found = False
    subscription = live_subscription(request.account) if found else None
    if request.htmx:
        if subscription is not None:
            return HttpResponseClientRefresh()
        return render(request, "billing/checkout_done.html#look")
    context = {"subscription": subscription, "item": seat_item(subscription) if subscription else None}
    return render(request, "billing/checkout_done.html", context)
