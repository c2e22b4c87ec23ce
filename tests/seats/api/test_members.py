"""GET /api/v1/members"""

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, Department, Membership
from seats.holders.assign_seat import assign_seat
from seats.holders.wait import wait_for_seat
from seats.models import SeatPool
from tests.conftest import join
from tests.integrator import Integrator, integrator_of, problem
from tests.seats.api.conftest import limit_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(
    pool: SeatPool, account: Account, owner: Membership, admin_member: Membership, member: Membership, now: datetime
) -> dict[str, Membership]:
    """Olivia sits and is active; Mia of Support waits; Adam has nothing."""
    limit_to(account, 1)
    actor = Actor(user=owner.user)
    assign_seat(account=account, membership=owner, actor=actor, at=now)
    owner.last_active_at = now - timedelta(days=2)
    owner.save()
    member.department = Department.objects.create(account=account, name="Support")
    member.save()
    wait_for_seat(account=account, membership=member, actor=actor, at=now)
    return {"olivia": owner, "adam": admin_member, "mia": member}


def names(acme: Integrator, query: str) -> list[str]:
    answer = acme.get(f"members?{query}")
    assert answer.status_code == 200, answer.content
    return sorted(row["name"] for row in answer.json()["results"])


def test_one_member(acme: Integrator, people: dict[str, Membership], now: datetime) -> None:
    mia = people["mia"]
    assert mia.department is not None

    assert acme.get(f"members/{mia.public_id}").json() == {
        "id": mia.public_id,
        "name": "Mia",
        "email": "mia@acme.example",
        "role": "member",
        "title": "",
        "department": {"id": mia.department.public_id, "name": "Support"},
        "region": None,
        "employment": "employee",
        "ends_on": None,
        "joined_at": now.isoformat().replace("+00:00", "Z"),
        "last_active_at": None,
        "waiting": True,
        "seat_id": None,
        "seat_since": None,
    }
    assert acme.get(f"members/{people['olivia'].public_id}").json()["seat_id"].startswith("seat_")


def test_filters(acme: Integrator, people: dict[str, Membership], now: datetime) -> None:
    department = people["mia"].department
    assert department is not None

    assert names(acme, "") == ["Adam", "Mia", "Olivia"]
    assert names(acme, "q=MI") == ["Mia"]
    assert names(acme, "q=%25") == []
    assert names(acme, "role=admin") == ["Adam"]
    assert names(acme, "department=support") == names(acme, f"department={department.public_id}") == ["Mia"]
    assert names(acme, "seat=held") == ["Olivia"]
    assert names(acme, "seat=none") == ["Adam", "Mia"]
    assert names(acme, "seat=waiting") == ["Mia"]
    assert names(acme, f"active_since={quote((now - timedelta(days=3)).isoformat())}") == ["Olivia"]
    assert names(acme, f"active_since={quote((now - timedelta(days=1)).isoformat())}") == []
    assert names(acme, "seat=none&role=member") == ["Mia"]


@pytest.mark.parametrize("query", ["seat=lost", "role=king", "active_since=yesterday", "q=%00", "sort=name"])
def test_a_filter_that_makes_no_sense_is_422(acme: Integrator, query: str) -> None:
    answer = acme.get(f"members?{query}")

    assert (answer.status_code, problem(answer)["errors"][0]["field"]) == (422, query.partition("=")[0])


def test_who_left_is_gone(acme: Integrator, people: dict[str, Membership], now: datetime) -> None:
    adam = people["adam"]
    adam.left_at = now
    adam.save()

    assert names(acme, "") == ["Mia", "Olivia"]
    assert acme.get(f"members/{adam.public_id}").status_code == 404


def test_pages_cost_the_same_at_any_size(
    acme: Integrator, people: dict[str, Membership], account: Account, now: datetime
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            acme.get("members")
        return len(queries)

    acme.get("members")
    few = cost()
    for n in range(5):
        join(account, f"P{n}", "member", now)
    assert cost() == few


def test_another_tenant_sees_nobody_of_ours(people: dict[str, Membership], outsider: Membership, now: datetime) -> None:
    stranger = integrator_of(outsider, now)

    assert names(stranger, "") == ["Oscar"]
    assert names(stranger, f"department={people['mia'].department.public_id}") == []  # type: ignore[union-attr]
    assert stranger.get(f"members/{people['mia'].public_id}").status_code == 404
