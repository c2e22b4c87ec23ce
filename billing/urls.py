"""Addresses of billing's pages and of Stripe's deliveries."""

from django.urls import URLPattern, path

from billing.views.stripe_webhook import stripe_webhook

app_name = "billing"
urlpatterns: list[URLPattern] = [
    path("billing/webhooks/stripe/", stripe_webhook, name="stripe-webhook"),
]
