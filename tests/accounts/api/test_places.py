"""/api/v1/departments and /regions"""

from datetime import datetime

import pytest

from accounts.models import Account, AuditEntry, Department, Membership, Region
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    return integrator_of(owner, now)


@pytest.mark.parametrize(("path", "kind"), [("departments", Department), ("regions", Region)])
def test_from_first_to_last(
    acme: Integrator, member: Membership, path: str, kind: type[Department] | type[Region]
) -> None:
    made = acme.post(path, {"name": " Support "})
    place = kind.objects.get()
    assert made.status_code == 201
    noted = {"currency": "", "tax_entity": "", "residency": ""} if kind is Region else {}
    assert made.json() == {"id": place.public_id, "name": "Support", "people": 0, **noted}
    assert acme.get(path).json()["results"] == [made.json()]

    setattr(member, path[:-1], place)
    member.save()
    one = acme.get(f"{path}/{place.public_id}")
    assert one.json()["people"] == 1
    assert acme.get(f"{path}/{place.public_id}", if_none_match=one["ETag"]).status_code == 304

    renamed = acme.patch(f"{path}/{place.public_id}", {"name": "Care"}, if_match=one["ETag"])
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Care")
    refused = problem(acme.delete(f"{path}/{place.public_id}"))
    assert (refused["status"], refused["code"]) == (409, "in_use")
    setattr(member, path[:-1], None)
    member.save()
    assert acme.delete(f"{path}/{place.public_id}").status_code == 204
    assert not kind.objects.exists()
    actions = list(AuditEntry.objects.filter(target=place.public_id).order_by("pk").values_list("action", flat=True))
    assert actions == [f"{path[:-1]}.added", f"{path[:-1]}.renamed", f"{path[:-1]}.deleted"]


def test_a_name_is_there_once(acme: Integrator) -> None:
    first = acme.post("departments", {"name": "Support"}).json()["id"]
    second = acme.post("departments", {"name": "Sales"}).json()["id"]

    for refused in (
        acme.post("departments", {"name": "Support"}),
        acme.patch(f"departments/{second}", {"name": "Support"}),
    ):
        assert (refused.status_code, problem(refused)["code"]) == (409, "name_taken")
        assert problem(refused)["errors"][0]["field"] == "name"
    assert set(Department.objects.values_list("public_id", "name")) == {(first, "Support"), (second, "Sales")}


@pytest.mark.parametrize("name", ["", "x" * 81, 7, None])
def test_a_bad_name_is_refused(acme: Integrator, name: object) -> None:
    answer = acme.post("departments", {"name": name})

    assert (answer.status_code, problem(answer)["errors"][0]["field"]) == (422, "name")
    assert not Department.objects.exists()


def test_nobody_writes_over_what_they_have_not_seen(acme: Integrator) -> None:
    path = f"departments/{acme.post('departments', {'name': 'Support'}).json()['id']}"
    seen = acme.get(path)["ETag"]
    acme.patch(path, {"name": "Care"})

    for refused in (acme.patch(path, {"name": "Help"}, if_match=seen), acme.delete(path, if_match=seen)):
        assert (refused.status_code, problem(refused)["code"]) == (412, "precondition_failed")
    assert Department.objects.get().name == "Care"
    assert acme.patch(path, {"name": "Help"}, if_match=f"W/{acme.get(path)['ETag']}").status_code == 200
    assert acme.patch(path, {"name": "Aid"}, if_match="*").status_code == 200


def test_reading_and_writing_are_two_rights(account: Account, owner: Membership, now: datetime) -> None:
    reader = integrator_of(owner, now, "seats.view")
    assert reader.get("departments").status_code == 200

    assert problem(reader.post("departments", {"name": "Support"}))["capability"] == "account.manage"
    assert not Department.objects.exists()
