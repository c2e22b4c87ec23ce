"""Idle seats and money: credits by the period, and the quarterly true-ups."""

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seats.true_up.agreed import terms_agreed
from seats.true_up.queries import credit_of, credits_of, true_ups_of

# Two years of quarters, and of months.
QUARTERS, PERIODS = 8, 24


@requires("billing.view")
@require_safe
def true_ups(request: AccountRequest) -> HttpResponse:
    """What is agreed, the true-ups of two years, and the credits of two years."""
    terms = terms_agreed(request.account, now())
    rows = list(true_ups_of(request.account)[:QUARTERS])
    context = {
        "terms": terms,
        "policy": terms.inactive_policy if terms else "all",
        "open": next((row for row in rows if row.state in row.OPEN), None),
        "true_ups": rows,
        "credits": list(credits_of(request.account)[:PERIODS]),
    }
    return render(request, "seats/true_ups.html", context)


@requires("billing.view")
@require_safe
def idle_credit(request: AccountRequest, credit_id: str) -> HttpResponse:
    """Everybody who was counted idle in one period, and what it gave back."""
    credit = credit_of(request.account, credit_id)
    if credit is None:
        raise Http404
    people = [
        {name: date.fromisoformat(value) if name.endswith("_on") and value else value for name, value in person.items()}
        for person in credit.people
    ]
    return render(request, "seats/idle_credit.html", {"credit": credit, "people": people})
