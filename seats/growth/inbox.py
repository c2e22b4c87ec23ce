"""The staff inbox: what each member of staff was told, and what they have read."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, QuerySet

from accounts.models import User
from seats.models import AlertDelivery, Channel


def inbox_of(user: User) -> QuerySet[AlertDelivery]:
    """What is not read first, the newest first."""
    return (
        AlertDelivery.objects.filter(user=user, channel=Channel.IN_APP)
        .select_related("account", "alert")
        .prefetch_related("alert__signals")
        .order_by(F("read_at").asc(nulls_first=True), "-pk")
    )


def unread_count(user: User) -> int:
    """How much is not read."""
    return AlertDelivery.objects.filter(user=user, channel=Channel.IN_APP, read_at__isnull=True).count()


def mark_read(*, user: User, at: datetime, alerts: Collection[int] | None = None) -> int:
    """Note that somebody has read alerts (their primary keys; None: all); returns how many were new to them.

    Only that person's own rows move: another one's inbox stays as it is.
    """
    rows = AlertDelivery.objects.filter(user=user, channel=Channel.IN_APP, read_at__isnull=True)
    if alerts is not None:
        rows = rows.filter(alert_id__in=alerts)
    return rows.update(read_at=at)
