"""GET /api/v1/members"""

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Department, Membership, Region
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
        "external_id": "",
        "title": "",
        "department": {"id": mia.department.public_id, "name": "Support"},
        "region": None,
        "employment": "employee",
        "level": "",
        "manager_id": None,
        "ends_on": None,
        "joined_at": now.isoformat().replace("+00:00", "Z"),
        "last_active_at": None,
        "waiting": True,
        "paused": False,
        "resumes_on": None,
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


def test_a_person_is_changed(acme: Integrator, people: dict[str, Membership]) -> None:
    adam = people["adam"]
    region = Region.objects.create(account=adam.account, name="EU")
    seen = acme.get(f"members/{adam.public_id}")["ETag"]

    answer = acme.patch(
        f"members/{adam.public_id}",
        {
            "role": "team_manager",
            "title": "Lead",
            "region_id": region.public_id,
            "employment": "contractor",
            "ends_on": "2030-01-31",
            "external_id": "E-7",
            "level": "manager",
            "manager_id": people["mia"].public_id,
        },
        if_match=seen,
    )

    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert {name: told[name] for name in ("role", "title", "department", "employment", "ends_on", "external_id")} == {
        "role": "team_manager",
        "title": "Lead",
        "department": None,
        "employment": "contractor",
        "ends_on": "2030-01-31",
        "external_id": "E-7",
    }
    assert (told["level"], told["manager_id"]) == ("manager", people["mia"].public_id)
    assert told["region"] == {"id": region.public_id, "name": "EU"}
    assert answer["ETag"] == acme.get(f"members/{adam.public_id}")["ETag"] != seen
    for wrong in ("mem_nobody", adam.public_id):
        assert acme.patch(f"members/{adam.public_id}", {"manager_id": wrong}).status_code == 400
    acme.patch(f"members/{adam.public_id}", {"region_id": None, "ends_on": None})
    adam.refresh_from_db()
    assert (adam.region, adam.ends_on, adam.title) == (None, None, "Lead")
    assert AuditEntry.objects.filter(target=adam.public_id, action="member.role_changed").count() == 1


def test_all_or_nothing(acme: Integrator, people: dict[str, Membership]) -> None:
    adam, mia = people["adam"], people["mia"]
    acme.patch(f"members/{mia.public_id}", {"external_id": "E-7"})

    refused = problem(acme.patch(f"members/{adam.public_id}", {"role": "viewer", "external_id": "E-7"}))

    assert (refused["status"], refused["code"]) == (409, "external_id_taken")
    adam.refresh_from_db()
    assert (adam.role, adam.external_id) == ("admin", "")


@pytest.mark.parametrize(
    ("who", "change", "status", "code", "field"),
    [
        ("adam", {"role": "owner"}, 403, "not_allowed", "role"),
        ("olivia", {"role": "member"}, 403, "not_allowed", "role"),
        ("adam", {"role": "boss"}, 422, "validation_failed", "role"),
        ("adam", {"department_id": "dep_none"}, 400, "bad_setting", "department_id"),
        ("adam", {"ends_on": "0001-01-01"}, 422, "validation_failed", "ends_on"),
        ("adam", {"name": "Eve"}, 422, "validation_failed", "name"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    acme: Integrator,
    people: dict[str, Membership],
    who: str,
    change: dict[str, str],
    status: int,
    code: str,
    field: str,
) -> None:
    before = Membership.objects.filter(pk=people[who].pk).values().get()

    refused = problem(acme.patch(f"members/{people[who].public_id}", change))

    assert (refused["status"], refused["code"], refused["errors"][0]["field"]) == (status, code, field)
    assert Membership.objects.filter(pk=people[who].pk).values().get() == before


def test_nobody_writes_over_what_they_have_not_seen(acme: Integrator, people: dict[str, Membership]) -> None:
    path = f"members/{people['adam'].public_id}"
    seen = acme.get(path)["ETag"]
    Membership.objects.filter(pk=people["adam"].pk).update(last_active_at="2026-01-01T00:00:00Z")
    assert acme.get(path)["ETag"] == seen, "work changes nothing that is edited here"
    acme.patch(path, {"title": "Lead"})

    for refused in (acme.patch(path, {"title": "Boss"}, if_match=seen), acme.delete(path, if_match=seen)):
        assert (refused.status_code, problem(refused)["code"]) == (412, "precondition_failed")
    people["adam"].refresh_from_db()
    assert (people["adam"].title, people["adam"].left_at) == ("Lead", None)


def test_a_person_is_removed_and_the_seat_is_free(
    acme: Integrator, people: dict[str, Membership], account: Account
) -> None:
    path = f"members/{people['adam'].public_id}"

    assert acme.delete(path).status_code == 204
    assert acme.get(path).status_code == 404
    assert acme.delete(path).status_code == 404
    refused = problem(acme.delete(f"members/{people['olivia'].public_id}"))
    assert (refused["status"], refused["code"]) == (403, "not_allowed")
    assert SeatPool.objects.get(account=account).assigned == 1


def test_reading_and_writing_are_two_rights(people: dict[str, Membership], now: datetime) -> None:
    reader = integrator_of(people["olivia"], now, "seats.view")
    path = f"members/{people['adam'].public_id}"

    for refused in (reader.patch(path, {"title": "Lead"}), reader.delete(path)):
        assert problem(refused)["capability"] == "members.manage"
    people["adam"].refresh_from_db()
    assert (people["adam"].title, people["adam"].left_at) == ("", None)
