"""Addresses of billing's pages and of Stripe's deliveries."""

from django.urls import URLPattern, path

from billing.views import checkout, ending, invoices, offer, payment_method, plan, resumption, vendor
from billing.views.stripe_webhook import stripe_webhook

app_name = "billing"
ACCOUNT = "a/<slug:account_slug>/"

urlpatterns: list[URLPattern] = [
    path("billing/webhooks/stripe/", stripe_webhook, name="stripe-webhook"),
    path(f"{ACCOUNT}plan/", plan.plan, name="plan"),
    path(f"{ACCOUNT}plan/checkout/", checkout.checkout, name="checkout"),
    path(f"{ACCOUNT}plan/done/", checkout.checkout_done, name="checkout-done"),
    path(f"{ACCOUNT}plan/offer/", offer.offer, name="offer"),
    path(f"{ACCOUNT}plan/offer/<str:offer_id>/withdraw/", offer.withdraw_offer, name="offer-withdraw"),
    path(f"{ACCOUNT}plan/end/", ending.end, name="end"),
    path(f"{ACCOUNT}plan/resume/", ending.resume, name="resume"),
    path(f"{ACCOUNT}plan/restart/", resumption.restart, name="restart"),
    path(f"{ACCOUNT}plan/restart/pay/", resumption.pay, name="restart-pay"),
    path(f"{ACCOUNT}plan/restart/stop/", resumption.stop, name="restart-stop"),
    path(f"{ACCOUNT}plan/card/", payment_method.card, name="card"),
    path(f"{ACCOUNT}plan/card/changed/", payment_method.card_changed, name="card-changed"),
    path(f"{ACCOUNT}vendor/", vendor.vendor_data, name="vendor"),
    path(f"{ACCOUNT}vendor.pdf", vendor.vendor_pdf, name="vendor_pdf"),
    path(f"{ACCOUNT}invoices/", invoices.invoices, name="invoices"),
    path(f"{ACCOUNT}invoices/<str:invoice_id>/", invoices.invoice, name="invoice"),
]
