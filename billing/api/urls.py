"""Prices under /api/v1/."""

from django.urls import path

from billing.api.invoices import Invoices, OneInvoice
from billing.api.offers import OfferRequests, OfferWithdrawal
from billing.api.plans import PlanQuotes, Plans, Prices
from billing.api.quotes import OneQuote, Quotes
from billing.api.subscription import CurrentSubscription, End, GoOn, Reduction
from billing.api.vendor import VendorData, VendorPdf

urlpatterns = [
    path("quotes", Quotes.as_view(), name="quotes"),
    path("quotes/<str:quote_id>", OneQuote.as_view(), name="quote"),
    path("plan-quotes", PlanQuotes.as_view(), name="plan_quotes"),
    path("plans", Plans.as_view(), name="plans"),
    path("subscription", CurrentSubscription.as_view(), name="subscription"),
    path("subscription/reduction", Reduction.as_view(), name="reduction"),
    path("subscription/end", End.as_view(), name="end-subscription"),
    path("subscription/resume", GoOn.as_view(), name="resume-subscription"),
    path("invoices", Invoices.as_view(), name="invoices"),
    path("invoices/<str:invoice_id>", OneInvoice.as_view(), name="invoice"),
    path("vendor", VendorData.as_view(), name="vendor"),
    path("vendor/pdf", VendorPdf.as_view(), name="vendor-pdf"),
    path("prices", Prices.as_view(), name="prices"),
    path("offer-requests", OfferRequests.as_view(), name="offer_requests"),
    path("offer-requests/<str:offer_id>/withdraw", OfferWithdrawal.as_view(), name="offer_withdrawal"),
]
