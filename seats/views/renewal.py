"""What the renewal is likely to cut, and what can be done before."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seats.insight.bands import utilization_in
from seats.insight.forecast import renewal_forecast
from seats.usage.settings import groups_only
from seats.views.common import counts_for, seats_sentence
from seats.views.drop_seats import effect_of


@requires("usage.view")
@require_safe
def renewal(request: AccountRequest) -> HttpResponse:
    """The forecast with its numbers, and a plan of three ways."""
    counts = counts_for(request)
    forecast = renewal_forecast(request.account, now())
    priced = forecast is not None and forecast.cut > 0 and forecast.then > 0 and "billing.view" in request.capabilities
    effect = effect_of(forecast.item, forecast.then, counts) if forecast is not None and priced else None
    context = {
        "forecast": forecast,
        "counts": counts,
        "use": utilization_in(counts, now()),
        "effect": effect,
        "private": groups_only(request.account),
        "counts_sentence": seats_sentence(counts),
        "may_assign": "seats.assign" in request.capabilities,
        "may_buy": "seats.buy" in request.capabilities,
    }
    return render(request, "seats/renewal.html", context)
