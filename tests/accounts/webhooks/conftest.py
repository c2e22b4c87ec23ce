"""An endpoint of Acme at a real server of this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import time_machine
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from accounts.access.actor import Actor
from accounts.models import Account, WebhookEndpoint
from accounts.webhooks.rules import secrets_at
from accounts.webhooks.save_endpoint import add_endpoint
from tests.receiver import Got, Receiver, receiving


@pytest.fixture(autouse=True)
def to_loopback(settings: Any) -> None:
    """As the demo has it."""
    settings.WEBHOOKS_TO_LOOPBACK = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The customer's server."""
    with receiving() as server:
        yield server


@dataclass
class Hook:
    """An endpoint and its secret."""

    endpoint: WebhookEndpoint
    secret: str


@pytest.fixture
def hook(account: Account, actor: Actor, receiver: Receiver, now: datetime) -> Iterator[Hook]:
    """Gets every event of Acme. Whatever a test sends to it, the standard's own library verifies afterwards."""
    hook = Hook(*add_endpoint(account=account, url=receiver.url, description="HR", events=[], actor=actor, at=now))
    yield hook
    left = WebhookEndpoint.objects.filter(pk=hook.endpoint.pk).first()
    secrets = {hook.secret, *(secrets_at(left, now) if left else ())}
    assert [got for got in receiver.got if not any(verifies(got, secret) for secret in secrets)] == []


def verifies(got: Got, secret: str) -> bool:
    """Whether its receiver would take it when it was sent."""
    with time_machine.travel(int(got.headers["webhook-timestamp"]), tick=False):
        try:
            Webhook(secret).verify(got.body, got.headers)
        except WebhookVerificationError:
            return False
    return True
