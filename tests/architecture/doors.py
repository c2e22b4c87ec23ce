"""Asking a door with no seat free, and once more with one: what the walks over doors share."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from django.db import connection, transaction

from accounts.models import Account, AuditEntry, IdempotentAnswer, Membership
from billing.gateway import client as gateway
from seatportal.kit.clock import now
from seats.models import Assignment, PeopleImport, SeatPool
from seats.people.import_people import work_people_import
from tests.architecture.world import rows_of

NEW = "new-hire@example.com"
FORM = "application/x-www-form-urlencoded"
_CHANGE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(?!django_|seats_seatpool|accounts_idempotentanswer)')


@dataclass(frozen=True)
class Outcome:
    """filled: seats more than before. raised: how far the act itself moved the limit, as giving seats free of charge
    does. free: seats of the limit that are left, below zero where more are taken. wrote: whether a statement touched a
    row, other than a session's. spoke: whether Stripe was to be asked, which no transaction allows. moved: the kinds of
    rows that are others than before, without answers kept for their keys. told: what the trail says since."""

    filled: int
    raised: int
    free: int
    status: int
    wrote: bool = False
    spoke: bool = False
    moved: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()

    @property
    def passed_the_limit(self) -> bool:
        """More seats filled than the act made room for, or room taken from under those who are seated."""
        return self.filled > max(self.raised, 0) or (self.raised < 0 and self.free < 0)

    @property
    def refused(self) -> bool:
        """An answer that says no, and nothing happened."""
        return 400 <= self.status < 500 and not self.moved


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
    """What one request did, and the work that it leaves to a job."""
    taken, limit = seats_taken(account), SeatPool.objects.get(account=account).limit
    answer = call()
    for one in PeopleImport.objects.filter(account=account, state=PeopleImport.State.OPEN):
        work_people_import(import_id=one.pk, at=now())
    now_taken, now_limit = seats_taken(account), SeatPool.objects.get(account=account).limit
    return Outcome(now_taken - taken, now_limit - limit, now_limit - now_taken, answer.status_code)


def watched(account: Account, call: Callable[[], Any]) -> Outcome:
    """The same, with every row of the account compared."""
    before, last = rows_of(account), AuditEntry.objects.latest("pk").pk
    found = outcome_of(account, call)
    after = rows_of(account)
    moved = {label for label in after if after[label] != before[label]} - {IdempotentAnswer._meta.label}
    told = AuditEntry.objects.filter(account=account, pk__gt=last).values_list("action", flat=True)
    return replace(found, moved=frozenset(moved), told=frozenset(told))


Look = Callable[[Account, Callable[[], Any]], Outcome]


def tried(account: Account, call: Callable[[], Any], *, room: int, look: Look = outcome_of) -> Outcome:
    """The same with so many seats free, and nothing stays of it. Stripe is not reached."""
    wrote: list[bool] = []
    asked: list[bool] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if _CHANGE.match(sql):
            wrote.append(True)
        return execute(sql, params, many, context)

    def refuse() -> None:
        asked.append(True)
        raise RuntimeError("asked for Stripe")

    with taken_back():
        pool = SeatPool.objects.get(account=account)
        free = pool.limit - pool.purchased
        SeatPool.objects.filter(pk=pool.pk).update(purchased=pool.assigned - free + room)
        with connection.execute_wrapper(note), patch.object(gateway, "outside_transactions", refuse):
            found = look(account, call)
    return replace(found, wrote=bool(wrote), spoke=bool(asked))


def forms(wants: Membership, **more: str) -> Iterator[dict[str, str]]:
    """What a page may be sent, for a person by id, by address, for a stranger's address, and to undo many acts."""
    for person, seat in ((wants.public_id, "on"), (wants.user.email, more.get("seat_id", "on")), (NEW, "on")):
        yield {
            **dict.fromkeys(("person", "to", "member", "member_id", "people", "receiver"), person),
            **dict.fromkeys(("email", "emails"), NEW),
            **dict.fromkeys(("reason", "answer", "why"), "To test"),
            **dict.fromkeys(("quantity", "add"), "1"),
            "name": "Another",
            "title": "To test",
            "employment": "employee",
            "text": f"email,seat\n{NEW},yes",
            "action": "assign",
            "decision": "approve",
            "confirmed": "yes",
            "role": "viewer",
            "seat": seat,
            "mode": "hard",
            "allowance": "0",
            "grace_days": "7",
            "budget_month": "1",
            "due_on": "2027-01-31",
            "ceiling": "1000",
            "owner": wants.user.email,
            **more,
        }


def urlencoded(form: dict[str, str]) -> str:
    """As a browser sends it."""
    return urlencode(form)


def bodies(shape: dict[str, Any], components: dict[str, Any], wants: Membership, **more: Any) -> Iterator[Any]:
    """What an endpoint may be sent: its required fields with each of the others alone."""
    values = {
        "member_id": wants.public_id,
        "to_member_id": wants.public_id,
        "email": NEW,
        "users": [wants.public_id],
        "assign_to": [wants.public_id],
        "people": [{"email": NEW, "seat": True}],
        "invitation_ids": [more.get("withdrawn_id")],
        "moves": [{"id": wants.public_id, "region_id": more.get("region_id")}],
        "regions": [{"region_id": more.get("region_id"), "seats": 1}],
        "owner_id": wants.public_id,
        "decision": "approve",
        "role": "viewer",
        "title": "To test",
        "currency": "eur",
        "enabled": False,
        "mode": "hard",
        "allowance": 0,
        "scopes": ["seats.view"],
        "ceiling": 100_000,
        "contact": NEW,
        **more,
    }
    one = shape.get("items", shape)
    described = components[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
    fields = described.get("properties", {})
    base = {name: values.get(name, _plain(fields[name])) for name in described.get("required", [])}
    yield base
    for name in fields:
        if name in values and name not in base:
            yield {**base, name: values[name]}


def _plain(shape: dict[str, Any]) -> Any:
    """A value of the type, where nothing better is known."""
    kinds = {"integer": 1, "boolean": True, "array": [], "string": "To test"}
    by_format = {"date": "2027-01-31", "date-time": "2026-11-01T12:00:00Z", "uri": "https://hooks.example/"}
    kind = shape.get("type", "")
    return by_format.get(shape.get("format", "")) or kinds.get(kind[0] if isinstance(kind, list) else kind, "To test")
