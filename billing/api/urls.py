"""Prices under /api/v1/."""

from django.urls import path

from billing.api.quotes import OneQuote, Quotes

urlpatterns = [
    path("quotes", Quotes.as_view(), name="quotes"),
    path("quotes/<str:quote_id>", OneQuote.as_view(), name="quote"),
]
