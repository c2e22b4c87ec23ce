"""Prices under /api/v1/."""

from django.urls import path

from billing.api.offers import OfferRequests, OfferWithdrawal
from billing.api.plans import PlanQuotes, Prices
from billing.api.quotes import OneQuote, Quotes

urlpatterns = [
    path("quotes", Quotes.as_view(), name="quotes"),
    path("quotes/<str:quote_id>", OneQuote.as_view(), name="quote"),
    path("plan-quotes", PlanQuotes.as_view(), name="plan_quotes"),
    path("prices", Prices.as_view(), name="prices"),
    path("offer-requests", OfferRequests.as_view(), name="offer_requests"),
    path("offer-requests/<str:offer_id>/withdraw", OfferWithdrawal.as_view(), name="offer_withdrawal"),
]
