"""Keys of an account."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Account, ApiKey


def keys_of(account: Account) -> QuerySet[ApiKey]:
    """All keys, the newest first; revoked and ended ones stay for the record."""
    return ApiKey.objects.filter(account=account).select_related("created_by__user", "replaces", "replacement")


def working_keys_of(account: Account, at: datetime) -> QuerySet[ApiKey]:
    """Keys that are neither revoked nor at their end."""
    return keys_of(account).filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at), revoked_at__isnull=True)
