"""Another secret key for the server, with the former one as a fallback: what was made before works on."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.directory.authenticate import authenticate_directory
from accounts.directory.connect import connect_directory
from accounts.members.invitations import invite_member, open_by_token, token_of
from accounts.models import Account, Membership, WebhookDelivery
from accounts.webhooks.deliver_webhook import deliver_webhook
from accounts.webhooks.rules import secret_of
from accounts.webhooks.save_endpoint import add_endpoint
from seatportal.kit.links import sign, unsign
from tests.accounts.webhooks.test_delivery import verifies
from tests.conftest import join
from tests.integrator import integrator_of
from tests.receiver import receiving

pytestmark = pytest.mark.django_db
NEW = "new-" + "1" * 50


def change_key(settings: Any, *, keep: bool) -> None:
    """As an operator does it; keep: the former key stays as a fallback."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if keep else []
    settings.SECRET_KEY = NEW


@pytest.mark.parametrize("keep", [True, False])
def test_keys_and_tokens(
    keep: bool, account: Account, owner: Membership, actor: Actor, now: datetime, settings: Any
) -> None:
    key = integrator_of(owner, now)
    _, token = connect_directory(account=account, name="Okta", membership=owner, actor=actor, at=now)
    change_key(settings, keep=keep)

    opened = 200 if keep else 401
    event = {"id": "e1", "user": owner.user.email, "feature": "boards", "occurred_at": now.isoformat()}
    assert key.get("members").status_code == opened
    assert key.get(f"entitlements/{owner.user.email}").status_code == opened
    assert key.post("usage-events", [event]).status_code == opened
    assert (authenticate_directory(token, now) is not None) is keep
    assert integrator_of(owner, now).get("members").status_code == 200


@pytest.mark.parametrize("keep", [True, False])
def test_links(keep: bool, account: Account, owner: Membership, actor: Actor, now: datetime, settings: Any) -> None:
    invitation, _ = invite_member(
        account=account, email="lena@acme.example", role="member", department=None, name="Lena", actor=actor, at=now
    )
    link, signed = token_of(invitation), sign("nudge", "text")
    change_key(settings, keep=keep)

    assert open_by_token(link, at=now) == (invitation if keep else None)
    assert (unsign("nudge", signed, within=timedelta(days=1)) == "text") is keep


@pytest.mark.parametrize("keep", [True, False])
def test_webhooks_are_signed_with_both(
    keep: bool, account: Account, actor: Actor, now: datetime, settings: Any
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    with receiving() as receiver:
        endpoint, old = add_endpoint(account=account, url=receiver.url, description="", events=[], actor=actor, at=now)
        change_key(settings, keep=keep)
        join(account, "Joe", "member", now)
        assert deliver_webhook(delivery_id=WebhookDelivery.objects.get().pk, at=now)
    [got] = receiver.got

    assert verifies(secret_of(endpoint), got.body, got.headers)
    assert verifies(old, got.body, got.headers) is keep
