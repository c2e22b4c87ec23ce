"""Switch an endpoint off and on: by hand, or because it failed for days or said that it is gone."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Role, WebhookDelivery, WebhookEndpoint
from accounts.notices.send_notice import send_notice

By = WebhookEndpoint.DisabledBy


@transaction.atomic
def switch_off(*, endpoint: WebhookEndpoint, by: str, at: datetime, actor: Actor | None = None) -> bool:
    """Send nothing there any more; what waits stays and goes on when it is on again. Returns whether it was on.

    When nobody did it by hand, owners and admins hear of it.
    """
    if not WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at__isnull=True).update(
        disabled_at=at, disabled_by=by
    ):
        return False
    endpoint.refresh_from_db()
    account = endpoint.account
    record_audit(
        account=account,
        actor=actor or Actor.system("task"),
        action="webhook.off",
        target=endpoint.public_id,
        summary=endpoint.url,
        because=by,
    )
    if by != By.HAND:
        send_notice(
            account=account,
            kind="webhook_off",
            key=f"webhook_off:{endpoint.public_id}:{int(at.timestamp())}",
            context={
                "url": endpoint.url,
                "gone": by == By.GONE,
                "since_at": endpoint.failing_since,
                "link": reverse("accounts:webhook", args=[account.slug, endpoint.public_id]),
            },
            at=at,
            roles=(Role.OWNER, Role.ADMIN),
        )
    return True


@transaction.atomic
def switch_on(*, account: Account, endpoint: WebhookEndpoint, actor: Actor, at: datetime) -> WebhookEndpoint:
    """Send again, first what waits since it was switched off; a second time changes nothing."""
    turned = WebhookEndpoint.objects.filter(account=account, pk=endpoint.pk, disabled_at__isnull=False).update(
        disabled_at=None, disabled_by="", failing_since=None
    )
    endpoint.refresh_from_db()
    if turned:
        WebhookDelivery.objects.filter(
            endpoint=endpoint, sent_at__isnull=True, given_up_at__isnull=True, next_try_at__gt=at
        ).update(next_try_at=at)
        record_audit(account=account, actor=actor, action="webhook.on", target=endpoint.public_id, summary=endpoint.url)
    return endpoint
