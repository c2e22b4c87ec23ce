"""Endpoints and deliveries. Every query starts from an account."""

from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts.models import Account, WebhookDelivery, WebhookEndpoint


def endpoints_of(account: Account) -> QuerySet[WebhookEndpoint]:
    """All of them, the newest first, each with `waiting`: what is on its way."""
    waits = Q(deliveries__sent_at__isnull=True, deliveries__given_up_at__isnull=True)
    return (
        WebhookEndpoint.objects.filter(account=account)
        .annotate(waiting=Count("deliveries", filter=waits & Q(deliveries__isnull=False)))
        .order_by("-pk")
    )


STATES = {
    "waiting": Q(sent_at__isnull=True, given_up_at__isnull=True),
    "delivered": Q(sent_at__isnull=False),
    "given_up": Q(given_up_at__isnull=False),
}


def deliveries_of(endpoint: WebhookEndpoint, *, state: str = "") -> QuerySet[WebhookDelivery]:
    """An endpoint's log, the newest first; with a state (a key of STATES) those in it."""
    return (
        WebhookDelivery.objects.filter(STATES.get(state, Q()), account=endpoint.account_id, endpoint=endpoint)
        .select_related("event__account")
        .order_by("-pk")
    )


def given_up_of(endpoint: WebhookEndpoint, *, since: datetime | None = None) -> QuerySet[WebhookDelivery]:
    """What the endpoint never got, of events since then or of all in the log."""
    rows = deliveries_of(endpoint, state="given_up")
    return rows.filter(event__at__gte=since) if since else rows
