"""Saved views and credits for idle seats, for programs."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Account, Membership, Role
from billing.models import IdleCredit
from seats.models import SavedView
from tests.conftest import Funded, join
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db
IDLE = {"name": "Idle", "show": "idle", "search": "lang", "sort": "-active", "columns": ["use", "state"]}


def test_a_view_is_saved_replaced_listed_and_deleted(acme: Integrator, owner: Membership, account: Account) -> None:
    made = acme.post("seat-views", IDLE, idempotency_key="one")

    row = SavedView.objects.get()
    # Columns stand in the table's order.
    shown = {"id": row.public_id, **IDLE, "columns": ["state", "use"]}
    assert (made.status_code, made.json()) == (201, shown)
    assert (row.account, row.membership, row.text) == (account, owner, "lang")
    again = acme.post("seat-views", {"name": " Idle "})
    plain = {"show": "all", "search": "", "sort": "name", "columns": ["state", "department", "active", "use", "since"]}
    assert again.json() == {"id": row.public_id, "name": "Idle", **plain}
    # The nameless row is the person's columns and no view.
    SavedView.objects.create(account=account, membership=owner, columns=["state"])
    assert acme.get("seat-views").json()["results"] == [again.json()]
    assert acme.delete(f"seat-views/{row.public_id}").status_code == 204
    assert acme.delete(f"seat-views/{row.public_id}").status_code == 404
    assert SavedView.objects.get().name == ""


def test_views_are_their_persons_alone(
    acme: Integrator, owner: Membership, outsider: Membership, account: Account, now: datetime
) -> None:
    view = acme.post("seat-views", IDLE).json()["id"]
    vera = integrator_of(join(account, "Vera", Role.VIEWER, now), now, "seats.view")
    for other in (vera, integrator_of(outsider, now)):
        assert other.get("seat-views").json()["results"] == []
        assert other.delete(f"seat-views/{view}").status_code == 404
    closed = integrator_of(owner, now, "usage.view")
    for method, path, body in (
        ("GET", "seat-views", None),
        ("POST", "seat-views", IDLE | {"name": "Mine"}),
        ("DELETE", f"seat-views/{view}", None),
    ):
        assert problem(closed.ask(method, path, body))["capability"] == "seats.view"
    Membership.objects.filter(pk=owner.pk).update(left_at=now)
    assert problem(acme.post("seat-views", IDLE | {"name": "Mine"}))["code"] == "not_a_member"
    assert [row.public_id for row in SavedView.objects.all()] == [view]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\0"}, "name"),
        ({"show": "everybody"}, "show"),
        ({"sort": "--name"}, "sort"),
        ({"search": "x" * 201}, "search"),
        ({"columns": ["state", "salary"]}, "columns"),
        ({"columns": "state"}, "columns"),
        ({"columns": ["state"] * 11}, "columns"),
        ({"q": "x"}, "q"),
    ],
)
def test_what_is_no_view(acme: Integrator, change: dict[str, Any], field: str) -> None:
    refused = problem(acme.post("seat-views", IDLE | change))
    assert refused["status"] == 422
    assert {error["field"].partition(".")[0] for error in refused["errors"]} == {field}
    assert not SavedView.objects.exists()


def test_a_person_has_twenty_views(acme: Integrator) -> None:
    for number in range(20):
        assert acme.post("seat-views", {"name": f"View {number}"}).status_code == 201
    refused = problem(acme.post("seat-views", {"name": "One more"}))
    assert (refused["status"], refused["code"]) == (422, "view_refused")
    assert SavedView.objects.count() == 20
    assert acme.post("seat-views", {"name": "View 7", "show": "idle"}).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_credits_for_idle_seats_are_read(funded: Funded, outsider: Membership, now: datetime) -> None:
    acme = integrator_of(funded.owner, now, "billing.view")
    person = {
        "member": "mem_1",
        "name": "Lena Lang",
        "email": "lena@acme.example",
        "seated_on": "2026-01-02",
        "last_active_on": None,
    }
    row = IdleCredit.objects.create(
        account=funded.account,
        subscription=funded.subscription,
        period_start=now - timedelta(days=30),
        period_end=now,
        counted_at=now,
        first_day=date(2026, 3, 1),
        last_day=date(2026, 3, 30),
        quantity=10,
        assigned=8,
        idle=1,
        credited=1,
        people=[person],
        item_stripe_id="si_1",
        currency="usd",
        full_amount=50_000,
        reduced_amount=45_000,
        amount=-5_000,
        state=IdleCredit.State.DONE,
        idempotency_key="k",
        settled_at=now,
    )
    moment = now.isoformat().replace("+00:00", "Z")
    shown = {
        "id": row.public_id,
        "state": "done",
        "period_start": (now - timedelta(days=30)).isoformat().replace("+00:00", "Z"),
        "period_end": moment,
        "counted_at": moment,
        "first_day": "2026-03-01",
        "last_day": "2026-03-30",
        "purchased": 10,
        "assigned": 8,
        "idle": 1,
        "credited": 1,
        "currency": "usd",
        "full_amount": 50_000,
        "reduced_amount": 45_000,
        "amount": -5_000,
        "error_code": "",
        "settled_at": moment,
    }
    assert acme.get("idle-credits").json()["results"] == [shown]
    people = [{"member_id": "mem_1", **{name: value for name, value in person.items() if name != "member"}}]
    assert acme.get(f"idle-credits/{row.public_id}").json() == shown | {"people": people}
    stranger, reader = integrator_of(outsider, now), integrator_of(funded.owner, now, "usage.view")
    assert stranger.get("idle-credits").json()["results"] == []
    assert stranger.get(f"idle-credits/{row.public_id}").status_code == 404
    for path in ("idle-credits", f"idle-credits/{row.public_id}"):
        assert problem(reader.get(path))["capability"] == "billing.view"
