"""Keys of an account."""

from django.db.models import QuerySet

from accounts.models import Account, ApiKey


def keys_of(account: Account) -> QuerySet[ApiKey]:
    """All keys, the newest first; revoked and ended ones stay for the record."""
    return ApiKey.objects.filter(account=account).select_related("created_by__user")
