"""The wishes of one account."""

from django.db.models import QuerySet

from accounts.models import Account
from seats.models import FeatureRequest


def features_of(account: Account) -> QuerySet[FeatureRequest]:
    """The newest first."""
    return (
        FeatureRequest.objects.filter(account=account).select_related("asked_by__user").order_by("-created_at", "-pk")
    )
