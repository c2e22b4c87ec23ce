"""Endpoints of an account: added, changed, given another secret, deleted."""

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import TooManyEndpoints, WebhookRefused
from accounts.models import Account, WebhookEndpoint, WebhookStream
from accounts.webhooks.catalog import KINDS
from accounts.webhooks.rules import OVERLAP, secret_of
from seatportal.kit.outgoing import NoAnswer, NotAllowed, target_of

MOST_ENDPOINTS = 20
LONGEST_URL = 500

WORDS: dict[str, str | Promise] = {
    "malformed": _("Enter a whole address, such as https://example.com/webhooks."),
    "has_password": _("Leave user name and password out of the address; every message is signed."),
    "not_https": _("Use an address that begins with https://."),
    "not_public": _("This address leads into a private network. Use one that is reachable from the internet."),
}


def add_endpoint(
    *, account: Account, url: str, description: str, events: Collection[str], actor: Actor, at: datetime
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its signing secret, which is shown once. events: empty for all.

    Raises WebhookRefused, TooManyEndpoints.
    """
    _check_events(events)
    _check_url(url)  # it asks the network for the name, so no transaction is open yet
    with transaction.atomic():
        # Locked, so that of two at once the second counts the first.
        WebhookStream.objects.get_or_create(account=account)
        WebhookStream.objects.select_for_update().get(account=account)
        if WebhookEndpoint.objects.filter(account=account).count() >= MOST_ENDPOINTS:
            raise TooManyEndpoints
        endpoint = WebhookEndpoint.objects.create(
            account=account,
            url=url.strip(),
            description=description.strip()[:80],
            events=sorted(set(events)),
            nonce=secrets.token_urlsafe(16),
        )
        _audit("webhook.added", endpoint, actor, url=endpoint.url, events=endpoint.events)
    return endpoint, secret_of(endpoint)


def change_endpoint(
    *,
    account: Account,
    endpoint: WebhookEndpoint,
    url: str | None = None,
    description: str | None = None,
    events: Collection[str] | None = None,
    actor: Actor,
    at: datetime,
) -> WebhookEndpoint:
    """Another address, description or choice of events; None leaves it as it stands, also where another changes it now.

    What waits goes to the new address. Raises WebhookRefused.
    """
    wanted: dict[str, Any] = {}
    if url is not None:
        if url.strip() != endpoint.url:
            _check_url(url)  # see add_endpoint
        wanted["url"] = url.strip()
    if description is not None:
        wanted["description"] = description.strip()[:80]
    if events is not None:
        _check_events(events)
        wanted["events"] = sorted(set(events))
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update(of=("self",)).get(account=account, pk=endpoint.pk)
        changed = {name: [getattr(row, name), value] for name, value in wanted.items() if getattr(row, name) != value}
        if changed:
            for name in changed:
                setattr(row, name, wanted[name])
            row.save(update_fields=list(changed))
            _audit("webhook.changed", row, actor, **changed)
    return row


@transaction.atomic
def rotate_secret(
    *, account: Account, endpoint: WebhookEndpoint, actor: Actor, at: datetime
) -> tuple[WebhookEndpoint, str]:
    """A new secret, shown once; the old one signs as well for OVERLAP, so that no message is lost in between."""
    row = WebhookEndpoint.objects.select_for_update(of=("self",)).get(account=account, pk=endpoint.pk)
    row.old_nonce, row.old_until, row.nonce = row.nonce, at + OVERLAP, secrets.token_urlsafe(16)
    row.save(update_fields=["nonce", "old_nonce", "old_until"])
    _audit("webhook.rotated", row, actor, old_until=row.old_until.isoformat())
    return row, secret_of(row)


@transaction.atomic
def delete_endpoint(*, account: Account, endpoint: WebhookEndpoint, actor: Actor, at: datetime) -> None:
    """Forget it and its deliveries. A second time does nothing."""
    found = WebhookEndpoint.objects.select_for_update(of=("self",)).filter(account=account, pk=endpoint.pk).first()
    if found is None:
        return
    _audit("webhook.deleted", found, actor)
    found.delete()


def _check_events(events: Collection[str]) -> None:
    if unknown := set(events) - KINDS.keys():
        text = _("There is no event of the type %(type)s.") % {"type": sorted(unknown)[0]}
        raise WebhookRefused(text, field="events")


def _check_url(url: str) -> None:
    if len(url) > LONGEST_URL:
        raise WebhookRefused(WORDS["malformed"], field="url")
    try:
        target_of(url.strip())
    except NotAllowed as refusal:
        raise WebhookRefused(WORDS[refusal.reason], field="url") from refusal
    except NoAnswer as error:
        raise WebhookRefused(_("This address is not known. Check its spelling."), field="url") from error


def _audit(action: str, endpoint: WebhookEndpoint, actor: Actor, **data: Any) -> None:
    record_audit(
        account=endpoint.account,
        actor=actor,
        action=action,
        target=endpoint.public_id,
        summary=endpoint.url,
        **data,
    )
