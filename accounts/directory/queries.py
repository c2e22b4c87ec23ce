"""Connections of an account."""

from django.db.models import F, QuerySet

from accounts.models import Account, ScimConnection


def connections_of(account: Account) -> QuerySet[ScimConnection]:
    """All connections, the living ones first, then the newest; ended ones stay for the record."""
    return (
        ScimConnection.objects.filter(account=account)
        .select_related("created_by__user")
        .prefetch_related("tokens")
        .order_by(F("revoked_at").desc(nulls_first=True), "-created_at")
    )


def living_connections_of(account: Account) -> QuerySet[ScimConnection]:
    """Those whose tokens work."""
    return connections_of(account).filter(revoked_at__isnull=True)
