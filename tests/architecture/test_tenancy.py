"""Every URL there is, walked with real ids: by nobody, by a stranger, by each role, and with a neighbour's ids.

The URL map is the list, so a new page or endpoint is covered the moment it is routed. A new kind of id needs one line
in `World.ids`; the walk says so when it is missing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts.access.roles import CAPABILITIES, capabilities_of
from accounts.models import (
    Membership,
    Role,
    User,
)
from seatportal.checks import walk
from tests.architecture.world import World, build
from tests.conftest import FundMaker

pytestmark = pytest.mark.django_db(transaction=True)

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
# Not ids of anybody: the address of the account itself, words of the URL, and a name that is asked about, whose answer
# is "unknown" where it is somebody else's (tests/seats/entitlements).
WORDS = frozenset({"account_slug", "kind", "table", "user"})
WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """One line of the URL map."""

    path: str
    rule: str | None
    parameters: frozenset[str]
    view: Any

    @property
    def is_api(self) -> bool:
        return self.path.startswith("api/v1/")

    def url(self, ids: dict[str, str]) -> str:
        """With real ids in place."""
        missing = self.parameters - ids.keys()
        assert not missing, f"{self.path} has a new kind of id: add {missing} to World.ids"
        filled = PARAMETER.sub(lambda m: ids[m.group(1) or m.group(2)], self.path)
        return "/" + filled.replace("^", "").replace("$", "").replace("//", "/")

    def methods(self) -> tuple[str, ...]:
        """What the view answers to; a page says it only when asked, so both ways are tried."""
        if self.path == "hijack/acquire/":
            return ("POST",)
        if self.is_api:
            return tuple(m.upper() for m in ("get", "post", "put", "patch", "delete") if hasattr(self.view, m))
        return ("GET", "POST")

    def capability(self, method: str) -> str | None:
        """The one that is needed; None: any member."""
        if self.is_api:
            rule: str | dict[str, str | None] | None = self.view.required_capability
            return rule[method] if isinstance(rule, dict) else rule
        return self.rule if self.rule in CAPABILITIES else None


def routes() -> Iterator[Route]:
    for path, route in walk(get_resolver().url_patterns):
        yield _route(path, route)


def _route(path: str, route: URLPattern) -> Route:
    names = frozenset(first or second for first, second in PARAMETER.findall(path))
    rule = getattr(route.callback, "access_rule", None)
    return Route(path, rule, names, getattr(route.callback, "cls", None))


ROUTES = list(routes())
PAGES = [route for route in ROUTES if "account_slug" in route.parameters]
API = [route for route in ROUTES if route.is_api and hasattr(route.view, "required_capability")]
STAFF = [route for route in ROUTES if route.path.startswith(("staff/", "hijack/"))]


@pytest.fixture
def worlds(fund: FundMaker, now: datetime) -> tuple[World, World]:
    """Acme and its neighbour, made alike by the verbs."""
    return build("Acme", fund, now), build("Elsewhere", fund, now)


def ask(client: Client, method: str, url: str, *, slug: str = "") -> Any:
    headers = {"Seat-Portal-Account": slug} if slug else {}
    content = "application/json" if url.startswith("/api/") else "application/x-www-form-urlencoded"
    # With somebody named, so that the wish to see through another's eyes is refused for its own sake.
    body = "{}" if url.startswith("/api/") else f"user_pk={User.objects.latest('pk').pk}"
    return client.generic(method, url, body if method in WRITES else "", content_type=content, headers=headers)


def requests_to(found: list[Route]) -> Iterator[tuple[Route, str]]:
    for route in found:
        for method in route.methods():
            yield route, method


def test_the_walk_finds_pages_and_endpoints() -> None:
    assert len(PAGES) > 40
    assert len(API) >= 12
    assert len(STAFF) > 50


def test_nobody_is_sent_to_the_sign_in(worlds: tuple[World, World]) -> None:
    acme, _elsewhere = worlds
    before, wrong = acme.rows(), []

    for route, method in requests_to([*PAGES, *API, *STAFF]):
        answer = ask(Client(), method, route.url(acme.ids))
        if route.is_api:
            good = answer.status_code == 401
        elif route in STAFF:
            # Its own sign-in is open to all, and its texts for scripts are everybody's.
            open_to_all = route.path in ("staff/login/", "staff/jsi18n/")
            good = answer.status_code in (302, 403, 405) or (open_to_all and answer.status_code == 200)
        else:
            good = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/?next=")
        if not good:
            wrong.append((method, route.path, answer.status_code))

    assert wrong == []
    assert acme.rows() == before


def test_a_stranger_finds_nothing(worlds: tuple[World, World], client_of: Callable[[Membership], Client]) -> None:
    acme, elsewhere = worlds
    oscar = client_of(elsewhere.people["owner"])
    before, wrong = acme.rows(), []

    for route, method in requests_to([*PAGES, *API]):
        slug = acme.account.slug if route.is_api else ""
        answer = ask(oscar, method, route.url(acme.ids), slug=slug)
        if answer.status_code != 404:
            wrong.append((method, route.path, answer.status_code))

    assert wrong == []
    assert acme.rows() == before


def test_a_neighbours_ids_are_not_found_in_ones_own_account(
    worlds: tuple[World, World], client_of: Callable[[Membership], Client]
) -> None:
    """The classic hole: my account in the address, somebody else's thing behind it."""
    acme, elsewhere = worlds
    olivia = client_of(acme.people["owner"])
    mixed = elsewhere.ids | {"account_slug": acme.account.slug}
    before, mine, wrong = elsewhere.rows(), acme.rows(), []

    for route, method in requests_to([*PAGES, *API]):
        if not route.parameters - WORDS:
            continue
        answer = ask(olivia, method, route.url(mixed))
        # A page that only reads, or only writes, says so before it looks anything up.
        allowed = (404,) if route.is_api else (404, 405)
        if answer.status_code not in allowed:
            wrong.append((method, route.path, answer.status_code))

    assert wrong == []
    assert elsewhere.rows() == before
    assert acme.rows() == mine


def test_each_role_may_what_the_table_says(
    worlds: tuple[World, World], client_of: Callable[[Membership], Client]
) -> None:
    """Refusals are tried with every method and change nothing; what is allowed is only read."""
    acme, _elsewhere = worlds
    wrong = []

    for role, member in acme.people.items():
        client, mine = client_of(member), capabilities_of(role)
        every = list(requests_to([*PAGES, *API]))
        refused = [(r, m) for r, m in every if r.capability(m) not in mine | {None}]
        allowed = [(r, m) for r, m in every if r.capability(m) in mine | {None} and m == "GET"]
        before = acme.rows()
        for route, method in refused:
            answer = ask(client, method, route.url(acme.ids))
            if answer.status_code != 403:
                wrong.append((role, method, route.path, answer.status_code))
        assert acme.rows() == before
        for route, method in allowed:
            answer = ask(client, method, route.url(acme.ids))
            # A page that only writes says 405, but only to those who may.
            if answer.status_code not in (200, 302, 405):
                wrong.append((role, method, route.path, answer.status_code))

    assert wrong == []


def test_customers_never_enter_the_staff_site(
    worlds: tuple[World, World], client_of: Callable[[Membership], Client]
) -> None:
    acme, _elsewhere = worlds
    before, wrong = acme.rows(), []

    for role in (Role.OWNER, Role.MEMBER):
        client = client_of(acme.people[role])
        for route, method in requests_to(STAFF):
            if route.path in ("staff/login/", "staff/logout/", "staff/jsi18n/"):
                continue
            answer = ask(client, method, route.url(acme.ids))
            if answer.status_code not in (302, 403, 404, 405):
                wrong.append((role, method, route.path, answer.status_code))

    assert wrong == []
    assert acme.rows() == before
