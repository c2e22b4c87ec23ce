"""Every URL there is, walked with real ids: by nobody, by a stranger, by each role, and with a neighbour's ids.

The URL map is the list, so a new page or endpoint is covered the moment it is routed. A new kind of id needs one line
in `World.ids`; the walk says so when it is missing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts.access.actor import Actor
from accounts.access.roles import CAPABILITIES, capabilities_of
from accounts.directory.connect import connect_directory
from accounts.keys.issue_api_key import issue_api_key
from accounts.members.invitations import token_of
from accounts.members.structure import add_place
from accounts.models import (
    Account,
    JoinRequest,
    MailDomain,
    Membership,
    Role,
    SsoConnection,
    User,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from billing.changes.buy_quote import buy_quote
from billing.changes.credit_idle import IdleCount, open_idle_credit
from billing.models import Invoice
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.offers import ask_for_offer
from seatportal.checks import walk
from seats.holders.assign_seat import assign_seat
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.models import LedgerEntry, PeopleImport, SharingCase, Tranche, TrueUp, UsageImport
from seats.people.import_people import add_people_import
from seats.people.table import read_table
from seats.requests.request_purchase import request_purchase
from seats.requests.request_seat import request_seat
from seats.rollout.plans import open_rollout
from seats.true_up.settle_true_up import settle
from seats.value.goals import Wish, add_goal
from seats.value.plans import start_plan
from seats.value.report import end_plan
from tests.conftest import FundMaker, join, make_account

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


@dataclass
class World:
    """An account with one of everything, and the ids to ask for it."""

    account: Account
    people: dict[str, Membership]
    ids: dict[str, str] = field(default_factory=dict)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that belongs to the account, to see whether anything moved."""
        models = [m for m in apps.get_models() if any(_is_ours(f) for f in m._meta.concrete_fields)]
        return {
            model._meta.label: list(model._default_manager.filter(account=self.account).order_by("pk").values())
            for model in models
        }


def _is_ours(found: Any) -> bool:
    """allauth calls something else an account."""
    return bool(found.name == "account" and found.related_model is Account)


@pytest.fixture
def worlds(fund: FundMaker, now: datetime) -> tuple[World, World]:
    """Acme and its neighbour, made alike by the verbs."""
    return build("Acme", fund, now), build("Elsewhere", fund, now)


def build(name: str, fund: FundMaker, now: datetime) -> World:
    domain = f"{name.lower()}.example"
    owner = make_account(name, now, owner="Olivia", domain=domain)
    account, actor = owner.account, Actor(user=owner.user)
    fund(owner)
    roles = [role for role in Role.values if role != Role.OWNER]
    people = {"owner": owner} | {role: join(account, role, role, now, domain=domain) for role in roles}
    quote = quote_quantity(account=account, actor=actor, add=1, at=now)
    change = buy_quote(account=account, quote_id=quote.public_id, actor=actor, at=now)
    place = add_place(account=account, kind="department", name="Support", actor=actor, at=now)
    region = add_place(account=account, kind="region", name="EU", actor=actor, at=now)
    key, _secret = issue_api_key(
        account=account, name="Sync", scopes=["seats.view"], expires_at=None, membership=owner, actor=actor, at=now
    )
    connection, _token = connect_directory(account=account, name="Okta", membership=owner, actor=actor, at=now)
    seat = assign_seat(account=account, membership=people["member"], actor=actor, at=now)
    freed = assign_seat(account=account, membership=people["team_manager"], actor=actor, at=now)
    release_seat(account=account, assignment=freed, actor=actor, at=now)
    invitation, _seat = invite_with_seat(
        account=account, email=f"new@{domain}", role=Role.MEMBER, department=None, name="", actor=actor, at=now
    )
    viewer = people["viewer"]
    asked = request_seat(
        account=account,
        membership=viewer,
        asked_by=viewer.user,
        reason="To test",
        actor=Actor(user=viewer.user),
        at=now,
    )
    more = quote_quantity(account=account, actor=actor, add=1, at=now)
    purchase = request_purchase(
        account=account,
        membership=viewer,
        quote_id=more.public_id,
        reason="To test",
        actor=Actor(user=viewer.user),
        at=now,
    )
    credit = open_idle_credit(
        subscription=change.subscription,
        item=change.subscription.items.get(),
        period_start=now,
        period_end=now,
        count=IdleCount(now.date(), now.date(), quantity=10, assigned=2, credited=0, people=[]),
        at=now,
    )
    offer = ask_for_offer(account=account, quantity=60, contact=f"olivia@{domain}", above=50, actor=actor, at=now)
    run = TrueUp.objects.create(
        account=account,
        first_day=now.date(),
        last_day=now.date(),
        time_zone="UTC",
        idle_days=30,
        removes_idle=True,
        due_at=now,
        answer_by=now,
        counted_at=now,
        decision=TrueUp.Decision.NOTHING,
    )
    settle(run, now)
    case = SharingCase.objects.create(
        account=account,
        membership=people["member"],
        found_at=now,
        shown_at=now,
        score=60,
        devices=3,
        at_once=3,
        extra_people=2,
        evidence={"devices": [], "moments": [], "trips": []},
    )
    batch = UsageImport.objects.create(
        account=account, file_name="events.csv", format="csv", size=1, began_at=now, state="stopped", lines=1
    )
    people_file = add_people_import(
        account=account, file_name="people.csv", table=read_table(b"email\nzoe@example.com"), actor=actor, at=now
    )
    # A draft is shown on pages alone; the API knows those that were applied.
    PeopleImport.objects.filter(pk=people_file.pk).update(state=PeopleImport.State.STOPPED, began_at=now)
    start_plan(account=account, starts_on=now.date(), actor=actor, at=now)
    report = end_plan(account=account, actor=actor, at=now)
    start_plan(account=account, starts_on=now.date(), actor=actor, at=now)
    wish = Wish(name="Projects", unit="projects", baseline=Decimal(4), target=Decimal(6))
    goal = add_goal(account=account, wish=wish, actor=actor, at=now)
    rollout = open_rollout(account=account, name="Sales", budget_month=1, actor=actor)
    step = Tranche.objects.create(
        account=account,
        plan=rollout,
        quantity=10,
        due_on=now.date() + timedelta(days=30),
        owner=owner,
        currency="usd",
        ceiling=40_000,
        agreed_at=now,
        agreed_by=owner.user,
    )
    mail_domain = MailDomain.objects.create(account=account, name=domain, token="t")
    provider = SsoConnection.objects.create(account=account, kind="oidc", name="Okta", issuer=f"https://{domain}")
    waiting = JoinRequest.objects.create(account=account, connection=provider, email=f"lena@{domain}", asked_at=now)
    endpoint = WebhookEndpoint.objects.create(account=account, url="https://hooks.example/", nonce="n")
    event = WebhookEvent.objects.create(account=account, type="endpoint.test", at=now, sequence=0)
    delivery = WebhookDelivery.objects.create(account=account, endpoint=endpoint, event=event, next_try_at=now)
    return World(
        account,
        people,
        {
            "account_slug": account.slug,
            "member_id": people["member"].public_id,
            "invitation_id": invitation.public_id,
            "token": token_of(invitation),
            "key_id": key.public_id,
            "connection_id": connection.public_id,
            "domain_id": mail_domain.public_id,
            "sso_id": provider.public_id,
            "join_id": waiting.public_id,
            "endpoint_id": endpoint.public_id,
            "delivery_id": delivery.public_id,
            "kind": "department",
            "place_id": place.public_id,
            "department_id": place.public_id,
            "region_id": region.public_id,
            "quote_id": quote.public_id,
            "change_id": change.public_id,
            "order_id": change.public_id,
            "invoice_id": Invoice.objects.filter(account=account).latest("pk").public_id,
            "seat_id": seat.public_id,
            "assignment_id": seat.public_id,
            "freed_id": freed.public_id,
            "true_up_id": run.public_id,
            "import_id": batch.public_id,
            "people_import_id": people_file.public_id,
            "goal_id": goal.public_id,
            "report_id": report.public_id,
            "plan_id": rollout.public_id,
            "rollout_id": rollout.public_id,
            "tranche_id": step.public_id,
            "case_id": case.public_id,
            "credit_id": credit.public_id,
            "request_id": asked.public_id,
            "asked_id": purchase.public_id,
            "offer_id": offer.public_id,
            "entry_id": LedgerEntry.objects.filter(account=account).latest("pk").public_id,
            # Django admin's.
            "object_id": str(account.pk),
            "content_type_id": "1",
            "app_label": "accounts",
            "act": "resolve",
            "position": "0",
            "table": "year",
            "user": people["member"].public_id,
            "url": "nothing/",
        },
    )


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
