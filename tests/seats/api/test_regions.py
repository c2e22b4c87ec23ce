"""GET and PUT /api/v1/seats/regions, and what a full region answers at the other doors."""

from datetime import datetime
from typing import Any

import pytest

from accounts.members.structure import add_place
from accounts.models import Account, Invitation, Membership, Region
from seats.models import Assignment, RegionPool, SeatPool
from tests.conftest import join
from tests.factories.seats import SYSTEM
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def europe(account: Account, now: datetime) -> Region:
    """EU, with what procurement needs."""
    region = add_place(account=account, kind="region", name="EU", actor=SYSTEM, at=now)
    Region.objects.filter(pk=region.pk).update(currency="eur", tax_entity="Acme GmbH", residency="eu")
    return Region.objects.get(pk=region.pk)


def of(region: Region, seats: int) -> dict[str, Any]:
    """A body with one region."""
    return {"regions": [{"region_id": region.public_id, "seats": seats}], "reason": "Blocks"}


def test_it_is_replaced_by_who_has_read_it(acme: Integrator, account: Account, pool: SeatPool, europe: Region) -> None:
    seen = acme.get("seats/regions")
    others = {"seats": 10, "assigned": 0, "free": 10, "over": 0}
    assert seen.json() == {"regions": [], "others": others, "exceeds": 0}

    answer = acme.put("seats/regions", of(europe, 4), if_match=seen["ETag"])

    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "regions": [
            {
                "region": {
                    "id": europe.public_id,
                    "name": "EU",
                    "currency": "eur",
                    "tax_entity": "Acme GmbH",
                    "residency": "eu",
                },
                "seats": 4,
                "assigned": 0,
                "free": 4,
                "over": 0,
            }
        ],
        "others": {"seats": 6, "assigned": 0, "free": 6, "over": 0},
        "exceeds": 0,
    }
    assert answer["ETag"] == acme.get("seats/regions")["ETag"] != seen["ETag"]
    SeatPool.objects.filter(account=account).update(purchased=3)
    assert acme.get("seats/regions").json()["exceeds"] == 1
    again = acme.put("seats/regions", {"regions": []}, if_match=answer["ETag"])
    assert again.json()["regions"] == []


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [({}, 428, "precondition_required"), ({"if_match": '"old"'}, 412, "precondition_failed")],
)
def test_who_has_not_read_it_changes_nothing(
    acme: Integrator, pool: SeatPool, europe: Region, header: dict[str, str], status: int, code: str
) -> None:
    refused = problem(acme.put("seats/regions", of(europe, 4), **header))

    assert (refused["status"], refused["code"]) == (status, code)
    assert not RegionPool.objects.exists()


def test_what_is_no_split(acme: Integrator, pool: SeatPool, europe: Region, outsider: Membership) -> None:
    theirs = Region.objects.create(account=outsider.account, name="EU")
    one = {"region_id": europe.public_id, "seats": 4}
    for body, status, code in (
        (of(europe, 11), 422, "split_too_large"),
        (of(europe, 0), 422, "validation_failed"),
        (of(theirs, 4), 400, "bad_setting"),
        ({"regions": [one, one]}, 422, "split_wrong"),
        ({"regions": [{"region_id": europe.public_id}]}, 422, "validation_failed"),
    ):
        refused = problem(acme.put("seats/regions", body, if_match="*"))
        assert (refused["status"], refused["code"]) == (status, code), body
    assert not RegionPool.objects.exists()


def test_who_may_not_set_the_limit(owner: Membership, pool: SeatPool, europe: Region, now: datetime) -> None:
    reader = integrator_of(owner, now, "seats.view")

    assert problem(reader.put("seats/regions", of(europe, 4), if_match="*"))["status"] == 403
    assert reader.get("seats/regions").status_code == 200
    assert not RegionPool.objects.exists()


def test_a_full_region_at_the_other_doors(
    acme: Integrator, account: Account, pool: SeatPool, europe: Region, now: datetime
) -> None:
    acme.put("seats/regions", of(europe, 1), if_match="*")
    eva, emil, nora = (join(account, name, "member", now) for name in ("Eva", "Emil", "Nora"))
    Membership.objects.filter(pk__in=[eva.pk, emil.pk]).update(region=europe)
    assert acme.post("assignments", {"member_id": eva.public_id}, idempotency_key="a").status_code == 201
    held = acme.post("assignments", {"member_id": nora.public_id}, idempotency_key="b").json()

    refused = [
        problem(acme.post("assignments", {"member_id": emil.public_id}, idempotency_key="c")),
        problem(
            acme.post("assignments", {"email": "e@new.example", "region_id": europe.public_id}, idempotency_key="d")
        ),
        problem(acme.post(f"assignments/{held['id']}/reassign", {"to_member_id": emil.public_id}, idempotency_key="e")),
        problem(acme.patch(f"members/{nora.public_id}", {"region_id": europe.public_id})),
    ]

    assert [(one["status"], one["code"], one["region"]) for one in refused] == [(409, "region_full", "EU")] * 4
    assert Assignment.objects.filter(ended_at__isnull=True).count() == 2
    assert not Invitation.objects.exists()
    nora.refresh_from_db()
    assert nora.region is None


def test_an_invitation_for_a_region(acme: Integrator, europe: Region) -> None:
    made = acme.post("invitations", {"email": "e@new.example", "region_id": europe.public_id}, idempotency_key="a")

    assert (made.status_code, made.json()["region_id"]) == (201, europe.public_id)
    assert Invitation.objects.get().region == europe


def test_what_is_noted_of_a_region(acme: Integrator, europe: Region) -> None:
    path = f"regions/{europe.public_id}"

    answer = acme.patch(path, {"currency": "CHF", "residency": ""})

    assert answer.json() == {
        "id": europe.public_id,
        "name": "EU",
        "people": 0,
        "currency": "chf",
        "tax_entity": "Acme GmbH",
        "residency": "",
    }
    refused = problem(acme.patch(path, {"currency": "abc", "name": "Europe"}))
    assert (refused["status"], refused["errors"][0]["field"]) == (400, "currency")
    europe.refresh_from_db()
    assert (europe.name, europe.currency, europe.residency) == ("EU", "chf", "")
