"""An endpoint of Acme at a real server of this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, WebhookEndpoint
from accounts.webhooks.save_endpoint import add_endpoint
from tests.receiver import Receiver, receiving


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
def hook(account: Account, actor: Actor, receiver: Receiver, now: datetime) -> Hook:
    """Gets every event of Acme."""
    return Hook(*add_endpoint(account=account, url=receiver.url, description="HR", events=[], actor=actor, at=now))
