"""A tool of the account team with a key, and accounts with signals and tasks."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.keys.staff_keys import PERMISSIONS, issue_staff_key
from accounts.models import Account, StaffKey, User
from seats.growth.sweep import sweep_account
from seats.models import ExpansionTask, SeatPool
from tests.conftest import make_account, make_user
from tests.factories.seats import crowd, give_pool, seat

PREFIX = "/api/internal/v1/"


@dataclass
class Tool:
    """JSON in, JSON out."""

    secret: str
    key: StaffKey
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request under /api/internal/v1/."""
        return self.client.generic(
            method,
            f"{PREFIX}{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.secret}"},
        )

    def get(self, path: str) -> Any:
        """Read."""
        return self.ask("GET", path)

    def post(self, path: str, body: Any) -> Any:
        """Write."""
        return self.ask("POST", path, body)


type ToolMaker = Callable[..., Tool]


@pytest.fixture
def imani(db: None) -> User:
    """On the staff, with every right."""
    return make_user("Imani", domain="vendor.example", is_staff=True, is_superuser=True)


@pytest.fixture
def tool_of(now: datetime) -> ToolMaker:
    """A key of somebody's; every permission when none is named."""

    def make(user: User, *permissions: str) -> Tool:
        key, secret = issue_staff_key(
            user=user,
            name="Planner",
            permissions=permissions or tuple(PERMISSIONS),
            expires_at=now + timedelta(days=30),
            actor=Actor(user=user, door="admin"),
            at=now,
        )
        return Tool(secret, key)

    return make


def busy_account(name: str, now: datetime, *, active: int) -> Account:
    """Ten seats, past the first 30 days (nothing is judged low in them); eight held, so many of those used; swept."""
    account = make_account(name, now, owner=f"{name}-owner", domain=f"{name.lower()}.example").account
    give_pool(account, 10, now)
    SeatPool.objects.filter(account=account).update(began_at=now - timedelta(days=60))
    people = crowd(account, 8, now, name=name)
    for number, person in enumerate(people):
        seat(person, now)
        person.last_active_at = now if number < active else None
        person.save(update_fields=["last_active_at"])
    sweep_account(account=account, at=now)
    return account


def task_of(account: Account) -> ExpansionTask:
    """Its one task."""
    return ExpansionTask.objects.get(account=account)
