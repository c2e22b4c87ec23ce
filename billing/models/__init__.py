"""The mirror of Stripe, quotes, and the intents that change quantities."""

from billing.models.customer import Customer, PaymentMethod
from billing.models.decrease import ScheduledDecrease
from billing.models.invoice import Invoice, InvoiceLine
from billing.models.plan import Plan, Price, PriceTier
from billing.models.quantity_change import QuantityChange
from billing.models.quote import Quote
from billing.models.stripe_event import StripeEvent
from billing.models.subscription import Subscription, SubscriptionItem
from billing.models.terms import Terms

__all__ = [
    "Customer",
    "Invoice",
    "InvoiceLine",
    "PaymentMethod",
    "Plan",
    "Price",
    "PriceTier",
    "QuantityChange",
    "Quote",
    "ScheduledDecrease",
    "StripeEvent",
    "Subscription",
    "SubscriptionItem",
    "Terms",
]
