"""Addresses of the vendor's own tools that hear alerts."""

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from seatportal.kit.signing import new_secret
from seats.models import AlertEndpoint, Channel


@transaction.atomic
def save_endpoint(*, endpoint: AlertEndpoint, actor: Actor) -> str:
    """Write a new or changed one; returns a new webhook's secret, which is shown once, else nothing."""
    secret = ""
    if endpoint.channel == Channel.WEBHOOK and not endpoint.secret:
        secret = endpoint.secret = new_secret()
    endpoint.save()
    record_audit(
        account=None,
        actor=actor,
        action="alert_endpoint.saved",
        target=endpoint.public_id,
        summary=endpoint.name,
        url=endpoint.url,
        active=endpoint.active,
    )
    return secret
