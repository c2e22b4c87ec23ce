"""Staff screens of billing: the mirror and the inbox to look at, with a few acts that each call one verb."""

from billing.admin import catalog, changes, inbox, incidents, invoices, subscriptions, terms

__all__ = ["catalog", "changes", "inbox", "incidents", "invoices", "subscriptions", "terms"]
