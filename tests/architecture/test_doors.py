"""Scar 2: every door that can fill a seat refuses at the limit. The doors are found by trying: the URL map is the list.

Each page and endpoint is asked with plausible values while one seat is free. A door that fills it is asked the same
once more with none free, and has to refuse, with no row touched, or to let somebody wait. After each request all is
taken back. Every door has its place in `places`; one that is new fails until it has one.

Doors that speak to Stripe are known by their trying to, which no transaction allows, and are walked through in
test_doors_that_pay.py. Directories have theirs in test_doors_of_machines.py, staff in test_doors_of_staff.py.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from pytest_django.fixtures import Settings

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member, token_of
from accounts.models import Membership, Role, User
from billing.quotes.quote_quantity import quote_quantity
from seats.holders.assign_seat import assign_seat
from seats.holders.pause_person import pause_person
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.models import PeopleImport
from seats.people.import_people import add_people_import
from seats.people.table import read_table
from tests.architecture import planted
from tests.architecture.doors import FORM, NEW, Outcome, bodies, forms, tried, urlencoded, watched
from tests.architecture.places import FILLS, NO_SEAT, SPEAKS, STILL, Door
from tests.architecture.test_tenancy import API, PAGES, ROUTES, STAFF, Route, routes
from tests.architecture.world import World, build
from tests.conftest import FundMaker, join

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]
Ids = dict[str, str]
# Rows that no door touches while every seat is taken.
NEVER = {"seats.Assignment", "seats.LedgerEntry"}
# So that several workers can share the walk.
PARTS = 4
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


def asking(browser: Client, method: str, url: str, body: str, kind: str) -> Any:
    """One request, with the headers that a careful client sends."""
    headers = {}
    if url.startswith("/api/"):
        headers["Idempotency-Key"] = uuid4().hex
        if method in ("PUT", "PATCH"):
            headers["If-Match"] = browser.get(url).headers.get("ETag", "*")
    return browser.generic(method, url, body, content_type=kind, headers=headers)


def stopped(full: Outcome, waits: frozenset[str]) -> bool:
    """Whether a door did at the limit what its place says."""
    if not waits:
        return full.refused
    return full.filled <= 0 and full.told == waits and not full.moved & NEVER


@dataclass
class Walk:
    """What became of some doors: those that fill a seat, that ask Stripe, that do something else, that change nothing;
    and what went wrong."""

    fills: set[Door] = field(default_factory=set)
    speaks: set[Door] = field(default_factory=set)
    acts: set[Door] = field(default_factory=set)
    still: set[Door] = field(default_factory=set)
    wrong: list[Any] = field(default_factory=list)


@pytest.fixture
def walk_through(
    fund: FundMaker, now: datetime, client_of: ClientOf, schema: dict[str, Any]
) -> Callable[[Sequence[tuple[Route, str]]], Walk]:
    """Ask each door everything, with a seat free and without."""
    world = build("Acme", fund, now)
    account, actor = world.account, Actor(user=world.people["owner"].user)
    wants = join(account, "Wendy", Role.MEMBER, now)
    browser = client_of(world.people["owner"])
    browser.raise_request_exception = False
    others = alternatives(world, wants, browser, now + timedelta(minutes=1))
    quote = quote_quantity(account=account, actor=actor, add=1, at=now)

    def attempts(route: Route, method: str) -> Iterator[tuple[str, Callable[[], Any]]]:
        for ids in variants(world.ids, others, route):
            named = {"rollout_id", "region_id", "withdrawn_id"} if route.is_api else {"seat_id"}
            more = {name: value for name, value in {**ids, **others[0]}.items() if name in named}
            more["quote_id"] = quote.public_id
            if not route.is_api:
                more[ids["region_id"]] = "1"
            for body, kind in sent_by(route, method, schema, wants, **more):
                yield body, partial(asking, browser, method, route.url(ids), body, kind)

    def walk(doors: Sequence[tuple[Route, str]]) -> Walk:
        done = Walk()
        for route, method in doors:
            door, seen = (method, route.path), []
            for body, ask in attempts(route, method):
                free = tried(account, ask, room=1)
                if free.status == 405:
                    break
                seen.append(free)
                if free.free < 0:
                    done.wrong.append((*door, body, free))
                if free.filled > 0:
                    done.fills.add(door)
                    full = tried(account, ask, room=0, look=watched)
                    if not stopped(full, FILLS.get(door, frozenset())):
                        done.wrong.append((*door, body, full))
            if any(one.spoke for one in seen):
                done.speaks.add(door)
            elif seen and door not in done.fills:
                (done.acts if any(one.wrote for one in seen) else done.still).add(door)
        return done

    return walk


@pytest.mark.parametrize("part", range(PARTS))
def test_every_door_that_fills_a_seat_refuses_at_the_limit(
    part: int, walk_through: Callable[[Sequence[tuple[Route, str]]], Walk]
) -> None:
    """A door with no place fails here: see places.py."""
    mine = list(writes([*PAGES, *API]))[part::PARTS]
    doors = {(method, route.path) for route, method in mine}

    done = walk_through(mine)

    assert done.wrong == []
    found = {"fills": done.fills, "speaks": done.speaks, "no seat": done.acts, "still": done.still}
    places = {"fills": FILLS.keys(), "speaks": SPEAKS, "no seat": NO_SEAT, "still": STILL}
    # What the walk found and no place says, and the other way round.
    differs = {name: sorted(found[name] ^ (place & doors)) for name, place in places.items()}
    assert {name: wrong for name, wrong in differs.items() if wrong} == {}


def test_places_are_of_doors_that_are_there() -> None:
    every = FILLS.keys() | SPEAKS | NO_SEAT | STILL
    assert {(method, route.path) for route, method in writes([*PAGES, *API])} >= every
    assert len(every) == len(FILLS.keys() | SPEAKS) + len(NO_SEAT) + len(STILL)


def test_the_walk_finds_a_planted_door(
    walk_through: Callable[[Sequence[tuple[Route, str]]], Walk], settings: Settings
) -> None:
    """One that seats people without a limit, and one whose field it does not know."""
    settings.ROOT_URLCONF = planted.__name__
    found = [route for route in routes() if "planted" in route.path]

    done = walk_through(list(writes(found)))

    assert {one[1] for one in done.wrong} == {planted.OPEN}
    assert done.still == {("POST", planted.MUTE)}


def variants(ids: Ids, others: Sequence[Ids], route: Route) -> Iterator[Ids]:
    """The world's ids, and each time one of those that this address has, in its place."""
    yield ids
    for other in others:
        for name in route.parameters & other.keys():
            yield {**ids, name: other[name]}


def alternatives(world: World, wants: Membership, browser: Client, at: datetime) -> list[Ids]:
    """Ids that open doors which the world's own do not: of a seat taken back, somebody paused or without a seat, files
    not applied or stopped, a purchase that was asked for. The browser has just withdrawn an invitation with a seat."""
    account, actor = world.account, Actor(user=world.people["owner"].user)
    released = assign_seat(account=account, membership=world.people["billing"], actor=actor, at=at)
    release_seat(account=account, assignment=released, actor=actor, at=at)
    jo, ben = (world.people["owner"].user.email.replace("olivia", name) for name in ("jo", "ben"))
    plain: dict[str, Any] = {"role": Role.MEMBER, "department": None, "name": "", "actor": actor, "at": at}
    invited, _ = invite_member(account=account, email=jo, **plain)
    withdrawn, _seat = invite_with_seat(account=account, email=ben, **plain)
    sent = {"action": "withdraw", "invitation": withdrawn.public_id, "confirmed": "yes"}
    assert browser.post(reverse("seats:bulk", args=[account.slug]), sent).status_code == 302
    away = join(account, "Paula", Role.MEMBER, at)
    assign_seat(account=account, membership=away, actor=actor, at=at)
    at += timedelta(minutes=1)
    pause_person(account=account, membership=away, resumes_on=None, reason="", actor=actor, at=at)
    table = read_table(f"email,seat\n{NEW},yes".encode())
    draft, stopped_import = (
        add_people_import(account=account, file_name=name, table=table, actor=actor, at=at) for name in ("a", "b")
    )
    PeopleImport.objects.filter(pk=stopped_import.pk).update(state=PeopleImport.State.STOPPED, began_at=at)
    return [
        {
            "seat_id": released.public_id,
            "token": token_of(invited),
            "member_id": away.public_id,
            "invitation_id": invited.public_id,
            "withdrawn_id": withdrawn.public_id,
            "people_import_id": draft.public_id,
        },
        {
            "member_id": wants.public_id,
            "request_id": world.ids["asked_id"],
            "people_import_id": stopped_import.public_id,
        },
    ]


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
