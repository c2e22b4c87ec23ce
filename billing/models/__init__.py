"""The mirror of Stripe, quotes, and the intents that change quantities."""

from billing.models.buying_policy import ApprovalStep, BuyingPolicy
from billing.models.checkout_session import CheckoutSession
from billing.models.customer import Customer, PaymentMethod
from billing.models.decrease import ScheduledDecrease
from billing.models.drift import Drift, Reconciliation
from billing.models.ending import Ending
from billing.models.idle_credit import IdleCredit
from billing.models.incident import CreditNote, Incident
from billing.models.invoice import Invoice, InvoiceLine
from billing.models.offer_request import OfferRequest
from billing.models.plan import Plan, Price, PriceTier
from billing.models.quantity_change import QuantityChange
from billing.models.quote import Quote
from billing.models.refund import Refund
from billing.models.resumption import Resumption
from billing.models.stripe_event import EventCursor, StripeEvent
from billing.models.subscription import Subscription, SubscriptionItem
from billing.models.terms import Terms
from billing.models.vendor import Vendor

__all__ = [
    "ApprovalStep",
    "BuyingPolicy",
    "CheckoutSession",
    "CreditNote",
    "Customer",
    "Drift",
    "Ending",
    "EventCursor",
    "IdleCredit",
    "Incident",
    "Invoice",
    "InvoiceLine",
    "OfferRequest",
    "PaymentMethod",
    "Plan",
    "Price",
    "PriceTier",
    "QuantityChange",
    "Quote",
    "Reconciliation",
    "Refund",
    "Resumption",
    "ScheduledDecrease",
    "StripeEvent",
    "Subscription",
    "SubscriptionItem",
    "Terms",
    "Vendor",
]
