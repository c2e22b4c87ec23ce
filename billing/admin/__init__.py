"""Staff screens of billing: the mirror and the inbox to look at, with a few acts that each call one verb."""

from billing.admin import (
    buying,
    catalog,
    changes,
    drift,
    idle_credits,
    inbox,
    incidents,
    invoices,
    subscriptions,
    terms,
    vendor,
)
from billing.admin.needs import money_needs
from seatportal.kit.admin import NEEDS

NEEDS.append(money_needs)

__all__ = [
    "buying",
    "catalog",
    "changes",
    "drift",
    "idle_credits",
    "inbox",
    "incidents",
    "invoices",
    "subscriptions",
    "terms",
    "vendor",
]
