"""Asking a door with no seat free, and once more with one: what both walks over doors share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import Account, Membership
from seats.models import Assignment, SeatPool

NEW = "new-hire@example.com"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Outcome:
    """filled: seats more than before. raised: how far the act itself moved the limit, as giving seats free of charge
    does."""

    filled: int
    raised: int
    status: int

    @property
    def passed_the_limit(self) -> bool:
        """More seats filled than the act made room for."""
        return self.filled > max(self.raised, 0)

    @property
    def refused(self) -> bool:
        """An answer that says no."""
        return 400 <= self.status < 500


@contextmanager
def taken_back() -> Iterator[None]:
    """Nothing of it stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def seats_taken(account: Account) -> int:
    """Held and reserved."""
    return Assignment.objects.filter(account=account, ended_at=None).count()


def outcome_of(account: Account, call: Callable[[], Any]) -> Outcome:
    """What one request did."""
    taken, limit = seats_taken(account), SeatPool.objects.get(account=account).limit
    answer = call()
    now_limit = SeatPool.objects.get(account=account).limit
    return Outcome(seats_taken(account) - taken, now_limit - limit, answer.status_code)


def tried(account: Account, call: Callable[[], Any], *, room: int) -> Outcome:
    """The same with so many seats free, and nothing stays of it."""
    with taken_back():
        pool = SeatPool.objects.get(account=account)
        free = pool.limit - pool.purchased
        SeatPool.objects.filter(pk=pool.pk).update(purchased=pool.assigned - free + room)
        return outcome_of(account, call)


def forms(wants: Membership, **more: str) -> Iterator[dict[str, str]]:
    """What a page may be sent, for a person by id, by address, and for a stranger's address."""
    for person in (wants.public_id, wants.user.email, NEW):
        yield {
            **dict.fromkeys(("person", "to", "member", "member_id", "people", "receiver"), person),
            **dict.fromkeys(("email", "emails"), NEW),
            **dict.fromkeys(("reason", "answer", "name"), "To test"),
            "action": "assign",
            "decision": "approve",
            "confirmed": "yes",
            "role": "member",
            "seat": "on",
            "mode": "hard",
            "quantity": "1",
            **more,
        }


def urlencoded(form: dict[str, str]) -> str:
    """As a browser sends it."""
    return "&".join(f"{name}={value}" for name, value in form.items())


def bodies(shape: dict[str, Any], components: dict[str, Any], wants: Membership, **more: Any) -> Iterator[Any]:
    """What an endpoint may be sent: its required fields with each of the others alone."""
    values = {
        "member_id": wants.public_id,
        "to_member_id": wants.public_id,
        "email": NEW,
        "users": [wants.public_id],
        "assign_to": [wants.public_id],
        "decision": "approve",
        "name": "To test",
        "reason": "To test",
        "role": "member",
        "scopes": ["seats.view"],
        **more,
    }
    one = shape.get("items", shape)
    described = components[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
    base = {name: values.get(name, "To test") for name in described.get("required", [])}
    yield base
    for name in described.get("properties", {}):
        if name in values and name not in base:
            yield {**base, name: values[name]}
