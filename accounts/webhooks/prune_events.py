"""Forget what was told long ago."""

from datetime import datetime, timedelta

from accounts.models import WebhookEvent

KEPT_FOR = timedelta(days=30)


def prune_events(*, at: datetime) -> int:
    """Delete events of 30 days ago with their deliveries; returns how many events. Numbers go on where they were."""
    old = WebhookEvent.objects.filter(at__lt=at - KEPT_FOR).order_by("pk").values_list("pk", flat=True)
    gone = 0
    while ids := list(old[:1000]):
        WebhookEvent.objects.filter(pk__in=ids).delete()
        gone += len(ids)
    return gone
