"""POST /api/v1/members/import and what became of it."""

from datetime import datetime
from typing import Any

import pytest

from accounts.models import Account, ApiKey, Department, Invitation, Membership
from seats.models import Assignment, PeopleImport
from seats.people.import_people import work_people_import
from tests.factories.seats import give_pool
from tests.integrator import integrator_of, problem

pytestmark = pytest.mark.django_db
PEOPLE: list[dict[str, Any]] = [
    {"email": "lena@acme.example", "name": "Lena", "department": "Sales", "level": "manager", "seat": True},
    {"email": "mia@acme.example", "title": "Analyst", "manager": "lena@acme.example", "seat": True},
    {"email": "nobody", "seat": True},
]


def test_a_preview_changes_nothing(account: Account, owner: Membership, member: Membership, now: datetime) -> None:
    give_pool(account, 1, now)
    acme = integrator_of(owner, now)

    answer = acme.post("members/import", {"preview": True, "people": PEOPLE})

    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert {name: told[name] for name in told if name != "people"} == {
        "invited": 1,
        "changed": 1,
        "unchanged": 0,
        "failed": 1,
        "seats_needed": 2,
        "seats_free": 1,
        "seats_missing": 1,
        "seats_to_buy": 1,
        "seats_released": 0,
        "new_places": ["Sales"],
    }
    assert told["people"][1] == {
        "line": 2,
        "email": "mia@acme.example",
        "outcome": "changed",
        "seat": "give",
        "waits_for": "seat",
        "changes": [
            {"field": "manager", "before": "", "after": "lena@acme.example"},
            {"field": "title", "before": "", "after": "Analyst"},
        ],
        "problem": None,
    }
    assert told["people"][2]["problem"]["field"] == "email"
    assert not PeopleImport.objects.exists()
    assert (Invitation.objects.count(), Assignment.objects.count(), Department.objects.count()) == (0, 0, 0)


def test_an_import_is_done_and_told(account: Account, owner: Membership, member: Membership, now: datetime) -> None:
    give_pool(account, 1, now)
    acme = integrator_of(owner, now)

    answer = acme.post("members/import", {"people": PEOPLE})

    assert answer.status_code == 202, answer.content
    begun = answer.json()
    assert (begun["state"], begun["people"], begun["done"], begun["ended_at"]) == ("open", 3, 0, None)
    assert not Invitation.objects.exists()
    work_people_import(import_id=PeopleImport.objects.get().pk, at=now)
    told = acme.get(f"member-imports/{begun['id']}").json()
    assert (told["state"], told["done"], told["invited"], told["changed"], told["failed"]) == ("done", 3, 1, 1, 1)
    assert (told["seats_given"], told["waiting"]) == (1, 1)
    failed = acme.get(f"member-imports/{begun['id']}/people?outcome=failed").json()["results"]
    assert [(one["line"], one["field"], one["code"]) for one in failed] == [(3, "email", "bad_address")]
    assert len(acme.get(f"member-imports/{begun['id']}/people").json()["results"]) == 3
    member.refresh_from_db()
    assert (member.title, member.manager_email) == ("Analyst", "lena@acme.example")
    key = ApiKey.objects.get()
    assert PeopleImport.objects.get().api_key == key


def test_null_empties_and_false_takes_the_seat(
    account: Account, owner: Membership, member: Membership, now: datetime
) -> None:
    Membership.objects.filter(pk=member.pk).update(title="Analyst", level="manager", manager=owner)
    person = {"email": "mia@acme.example", "title": None, "level": None, "manager": None, "seat": False}
    integrator_of(owner, now).post("members/import", {"people": [person]})
    work_people_import(import_id=PeopleImport.objects.get().pk, at=now)
    member.refresh_from_db()
    assert (member.title, member.level, member.manager) == ("", "", None)


@pytest.mark.parametrize(
    "people",
    [
        [],
        [{"name": "No address"}],
        [{"email": "a@acme.example", "seat": "yes?"}],
        [{"email": "a@acme.example", "rank": 1}],
    ],
)
def test_what_is_no_list_of_people_is_refused(account: Account, owner: Membership, now: datetime, people: Any) -> None:
    answer = integrator_of(owner, now).post("members/import", {"people": people})
    assert answer.status_code == 422
    assert not PeopleImport.objects.exists()


def test_scopes_hold(account: Account, owner: Membership, outsider: Membership, now: datetime) -> None:
    people = [{"email": "a@acme.example", "department": "Sales"}]
    narrow = integrator_of(owner, now, "members.manage")
    assert problem(narrow.post("members/import", {"people": PEOPLE}))["code"] == "capability_missing"
    told = narrow.post("members/import", {"preview": True, "people": people}).json()
    assert told["people"][0]["problem"]["code"] == "capability_missing"
    assert integrator_of(owner, now, "seats.view").post("members/import", {"people": people}).status_code == 403
    assert not PeopleImport.objects.exists()
    made = integrator_of(owner, now).post("members/import", {"people": people}).json()
    assert integrator_of(outsider, now).get(f"member-imports/{made['id']}").status_code == 404
    assert integrator_of(outsider, now).get(f"member-imports/{made['id']}/people").status_code == 404
