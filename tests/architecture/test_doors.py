"""Scar 2: every door that can fill a seat refuses at the limit. The doors are found by trying: the URL map is the list.

Each page and endpoint is asked with plausible values while one seat is free. A door that fills it is asked the same
once more with none free, and has to refuse. After each request all is taken back. A new page or endpoint is covered the
moment it is routed; a new name of a field needs one line in `forms` or `bodies`.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member, token_of
from accounts.models import Membership, Role
from seats.holders.assign_seat import assign_seat
from seats.holders.release_seat import release_seat
from seats.models import Assignment, SeatPool
from tests.architecture.test_tenancy import API, PAGES, Route, build
from tests.conftest import FundMaker, join

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "new-hire@example.com"
# The least that has to be found; otherwise the walk itself is broken.
KNOWN = {
    ("POST", "a/<slug:account_slug>/seats/assign/"),
    ("POST", "a/<slug:account_slug>/seats/bulk/"),
    ("POST", "a/<slug:account_slug>/seats/<str:seat_id>/undo/"),
    ("POST", "a/<slug:account_slug>/requests/<str:request_id>/"),
    ("POST", "api/v1/assignments"),
    ("POST", "api/v1/requests/<str:request_id>/decide"),
}


def forms(wants: Membership) -> Iterator[dict[str, str]]:
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
        }


def bodies(shape: dict[str, Any], components: dict[str, Any], wants: Membership) -> Iterator[Any]:
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
    }
    one = shape.get("items", shape)
    described = components[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
    base = {name: values.get(name, "To test") for name in described.get("required", [])}
    yield base
    for name in described.get("properties", {}):
        if name in values and name not in base:
            yield {**base, name: values[name]}


def sent_by(route: Route, method: str, schema: dict[str, Any], wants: Membership) -> Iterator[tuple[str, str]]:
    """Bodies with their media type."""
    if not route.is_api:
        for form in forms(wants):
            yield "&".join(f"{name}={value}" for name, value in form.items()), "application/x-www-form-urlencoded"
        return
    path = "/" + route.path.replace("<str:", "{").replace("<path:", "{").replace(">", "}")
    described = schema["paths"].get(path, {}).get(method.lower(), {})
    shapes = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for body in bodies(shapes, schema["components"]["schemas"], wants):
        yield json.dumps(body), "application/json"


@contextmanager
def taken_back() -> Iterator[None]:
    """Nothing of it stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_every_door_that_fills_a_seat_refuses_at_the_limit(
    fund: FundMaker, now: datetime, client_of: Callable[[Membership], Client]
) -> None:
    world = build("Acme", fund, now)
    account, actor = world.account, Actor(user=world.people["owner"].user)
    released = assign_seat(account=account, membership=world.people["billing"], actor=actor, at=now)
    release_seat(account=account, assignment=released, actor=actor, at=now)
    invited, _ = invite_member(
        account=account,
        email=world.people["owner"].user.email.replace("olivia", "jo"),
        role=Role.MEMBER,
        department=None,
        name="",
        actor=actor,
        at=now,
    )
    wants = join(account, "Wendy", Role.MEMBER, now)
    browser = client_of(world.people["owner"])
    browser.raise_request_exception = False
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    names = [world.ids, {**world.ids, "seat_id": released.public_id, "token": token_of(invited)}]

    def ask(route: Route, method: str, ids: dict[str, str], body: str, kind: str, *, room: int) -> tuple[int, int]:
        """Seats filled, and the status."""
        with taken_back():
            pool = SeatPool.objects.get(account=account)
            SeatPool.objects.filter(pk=pool.pk).update(purchased=pool.assigned + room)
            answer = browser.generic(method, route.url(ids), body, content_type=kind)
            filled = Assignment.objects.filter(account=account, ended_at=None).count() - pool.assigned
            return filled, answer.status_code

    found, wrong = set(), []
    for route in [*PAGES, *API]:
        for method in ("POST", "PUT", "PATCH"):
            if method not in route.methods():
                continue
            for ids in names if route.parameters & {"seat_id", "token"} else names[:1]:
                for body, kind in sent_by(route, method, schema, wants):
                    filled, _status = ask(route, method, ids, body, kind, room=1)
                    if filled <= 0:
                        continue
                    found.add((method, route.path))
                    full, status = ask(route, method, ids, body, kind, room=0)
                    if full > 0 or not 400 <= status < 500:
                        wrong.append((method, route.path, body, full, status))

    assert wrong == []
    assert found >= KNOWN
