"""Scar 2: every door that can fill a seat refuses at the limit. The doors are found by trying: the URL map is the list.

Each page and endpoint is asked with plausible values while one seat is free. A door that fills it is asked the same
once more with none free, and has to refuse. After each request all is taken back. A new page or endpoint is covered the
moment it is routed; a new name of a field needs one line in `doors.forms` or `doors.bodies`.

Doors that speak to Stripe are left out: no transaction allows it. Directories have their walk in
test_doors_of_machines.py.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member, token_of
from accounts.models import Membership, Role, User
from seats.holders.assign_seat import assign_seat
from seats.holders.release_seat import release_seat
from tests.architecture.doors import FORM, NEW, bodies, forms, tried, urlencoded
from tests.architecture.test_tenancy import API, PAGES, ROUTES, STAFF, Route
from tests.architecture.world import build
from tests.conftest import FundMaker, join

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]
Door = tuple[str, str]
# The least that has to be found; otherwise the walk itself is broken.
KNOWN: set[Door] = {
    ("POST", "a/<slug:account_slug>/seats/assign/"),
    ("POST", "a/<slug:account_slug>/seats/bulk/"),
    ("POST", "a/<slug:account_slug>/seats/<str:seat_id>/undo/"),
    ("POST", "a/<slug:account_slug>/requests/<str:request_id>/"),
    ("POST", "api/v1/assignments"),
    ("POST", "api/v1/requests/<str:request_id>/decide"),
}
# Whoever follows a link from a mail, signs in, or is Stripe: neither pages of an account nor the API.
OTHERS = [
    route
    for route in ROUTES
    if route not in (*PAGES, *API, *STAFF) and not route.path.startswith(("scim/", "staff/")) and route.path != "/"
]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def sent_by(
    route: Route, method: str, schema: dict[str, Any], wants: Membership, **more: Any
) -> Iterator[tuple[str, str]]:
    """Bodies with their media type."""
    if not route.is_api:
        for form in forms(wants, **more):
            yield urlencoded(form), FORM
        return
    path = "/" + route.path.replace("<str:", "{").replace("<path:", "{").replace("<int:", "{").replace(">", "}")
    described = schema["paths"].get(path, {}).get(method.lower(), {})
    shapes = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for body in bodies(shapes, schema["components"]["schemas"], wants, **more):
        yield json.dumps(body), "application/json"


def writes(routes: list[Route]) -> Iterator[tuple[Route, str]]:
    for route in routes:
        for method in ("POST", "PUT", "PATCH"):
            if method in route.methods():
                yield route, method


def test_every_door_that_fills_a_seat_refuses_at_the_limit(
    fund: FundMaker, now: datetime, client_of: ClientOf, schema: dict[str, Any]
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
    names = [world.ids, {**world.ids, "seat_id": released.public_id, "token": token_of(invited)}]

    found, wrong = set(), []
    for route, method in writes([*PAGES, *API]):
        for ids in names if route.parameters & {"seat_id", "token"} else names[:1]:
            for body, kind in sent_by(route, method, schema, wants):
                ask = partial(browser.generic, method, route.url(ids), body, content_type=kind)
                if tried(account, ask, room=1).filled <= 0:
                    continue
                found.add((method, route.path))
                full = tried(account, ask, room=0)
                if full.passed_the_limit or not (full.refused or full.raised > 0):
                    wrong.append((method, route.path, body, full))

    assert wrong == []
    assert found >= KNOWN


def post_as(user: User, url: str, body: str) -> Any:
    """A form sent by somebody who has just signed in."""
    browser = Client(raise_request_exception=False)
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser.generic("POST", url, body, content_type=FORM)


def test_whoever_comes_by_a_link_or_a_sign_in_passes_no_limit(fund: FundMaker, now: datetime) -> None:
    """Sign-up, sign-in, invitations, Stripe's own door: the rest of the URL map."""
    world = build("Acme", fund, now)
    account, actor = world.account, Actor(user=world.people["owner"].user)
    wants = join(account, "Wendy", Role.MEMBER, now)
    invited, _ = invite_member(
        account=account, email=NEW, role=Role.MEMBER, department=None, name="Jo", actor=actor, at=now
    )
    jo = User.objects.create_user(email=NEW, password=None)
    ids = {"key": "-", "uidb36": "1", "rest": "nothing", "path": "nothing", "client_id": "-", "provider": "-"}
    tokens = (world.ids["token"], token_of(invited))
    assert len(OTHERS) > 20

    wrong = []
    for route in OTHERS:
        for token in tokens if "token" in route.parameters else tokens[:1]:
            for user, form in zip((wants.user, jo), (*forms(wants),)[::2], strict=True):
                filled = dict.fromkeys(route.parameters, "nothing") | ids | world.ids | {"token": token}
                ask = partial(post_as, user, route.url(filled), urlencoded(form))
                full = tried(account, ask, room=0)
                if full.passed_the_limit:
                    wrong.append((route.path, form, full))

    assert wrong == []
