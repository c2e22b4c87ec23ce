"""More seats than are sold here: ask for an offer, and see what became of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.forms import OfferForm
from billing.quotes.bounds import self_service_bound
from billing.terms.offers import ask_for_offer, offer_requests_of, open_offer_request, withdraw_offer_request
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error

PAGE = "billing/offer.html"


@requires("seats.buy")
def offer(request: AccountRequest) -> HttpResponse:
    """Requests of the account, and the form for one. `?quantity=60` fills it in."""
    bound = self_service_bound(request.account, now())
    if request.method != "POST":
        initial = {"quantity": request.GET.get("quantity", bound + 1), "contact": request.membership.user.email}
        return render(request, PAGE, _context(request, OfferForm(initial=initial), bound))
    form = OfferForm(request.POST)
    if form.is_valid():
        try:
            ask_for_offer(account=request.account, actor=actor_of(request), at=now(), above=bound, **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("Your account team has the request. The answer appears here."))
            return redirect("billing:offer", request.account.slug)
    return render(request, PAGE, _context(request, form, bound), status=422)


@requires("seats.buy")
@require_POST
def withdraw_offer(request: AccountRequest, offer_id: str) -> HttpResponse:
    """Take a request back."""
    asked = get_object_or_404(offer_requests_of(request.account), public_id=offer_id)
    try:
        withdraw_offer_request(account=request.account, request_id=asked.public_id, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The request for an offer is withdrawn."))
    return redirect("billing:offer", request.account.slug)


def _context(request: AccountRequest, form: OfferForm, bound: int) -> dict[str, Any]:
    return {
        "form": form,
        "bound": bound,
        "waiting": open_offer_request(request.account),
        "requests": offer_requests_of(request.account)[:20],
    }
