"""Endpoints and deliveries. Every query starts from an account."""

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


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """An endpoint's log, the newest first."""
    return (
        WebhookDelivery.objects.filter(account=endpoint.account_id, endpoint=endpoint)
        .select_related("event__account")
        .order_by("-pk")
    )
