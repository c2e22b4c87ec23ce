"""The card that is charged: shown here, changed on Stripe's page."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from billing.changes.checkout import open_portal, read_card
from billing.errors import NoSubscription
from billing.mirror.queries import card_of, customer_of
from billing.views.words import card_name
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.htmx import path_here


@requires("billing.manage")
def card(request: AccountRequest) -> HttpResponse:
    """Show the card; POST opens the page where it is changed, and `next` is where one comes back to."""
    status = 200
    if request.method == "POST":
        back = reverse("billing:card-changed", args=[request.account.slug])
        query = urlencode({"next": _next(request, request.POST.get("next", ""))})
        try:
            return redirect(open_portal(account=request.account, return_url=f"{settings.SITE_URL}{back}?{query}"))
        except NoSubscription:
            return redirect("billing:plan", request.account.slug)
        except PortalError as error:
            messages.error(request, str(error))
            status = error.status
    held = card_of(request.account)
    context = {
        "card": held,
        "name": card_name(held) if held else "",
        "customer": customer_of(request.account),
        "expired": held is not None and _expired(held.exp_year, held.exp_month),
    }
    return render(request, "billing/card.html", context, status=status)


@requires("billing.manage")
@require_safe
def card_changed(request: AccountRequest) -> HttpResponse:
    """Back from Stripe's page: read the card, say which one is charged now, and go on."""
    try:
        held = read_card(account=request.account, at=now())
    except PortalError:
        messages.info(request, _("The card is being read. It shows here in a moment."))
    else:
        if held is not None:
            messages.success(request, _("Charged from now on: %(card)s") % {"card": card_name(held)})
    return redirect(_next(request, request.GET.get("next", "")))


def _next(request: AccountRequest, wanted: str) -> str:
    """A page of this site, else the card's own."""
    return path_here(request, wanted) or reverse("billing:card", args=[request.account.slug])


def _expired(year: int | None, month: int | None) -> bool:
    at = now()
    return year is not None and month is not None and (year, month) < (at.year, at.month)
