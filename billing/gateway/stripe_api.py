"""Stripe as the portal uses it: one object with every topic's verbs."""

from functools import lru_cache

from django.conf import settings

from billing.gateway.catalog import Catalog
from billing.gateway.checkouts import Checkouts
from billing.gateway.credit_notes import CreditNotes
from billing.gateway.customers import Customers
from billing.gateway.events import Events
from billing.gateway.invoice_items import InvoiceItems
from billing.gateway.invoices import Invoices
from billing.gateway.refunds import Refunds
from billing.gateway.schedules import Schedules
from billing.gateway.setup import Setup
from billing.gateway.subscriptions import Subscriptions


class StripeGateway(
    Subscriptions, Invoices, InvoiceItems, Customers, Checkouts, CreditNotes, Schedules, Refunds, Catalog, Events, Setup
):
    """Our verbs at Stripe."""


@lru_cache(maxsize=1)
def gateway() -> StripeGateway:
    """The process's gateway. STRIPE_API_BASE unset is the real Stripe; nothing else differs."""
    return StripeGateway(
        api_key=settings.STRIPE_API_KEY, api_base=settings.STRIPE_API_BASE, timeout=settings.STRIPE_TIMEOUT
    )
