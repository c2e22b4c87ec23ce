"""Give, move and take seats by API: the same verbs, limits and trail as the pages."""

from datetime import datetime

import pytest

from accounts.models import Account, AuditEntry, Invitation, Membership
from seats.models import Assignment, LedgerEntry, SeatPool
from tests.conftest import join
from tests.integrator import Integrator, integrator_of, problem
from tests.seats.api.conftest import limit_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seats(pool: SeatPool) -> None:
    """Ten seats."""


def give(acme: Integrator, member: Membership) -> str:
    answer = acme.post("assignments", {"member_id": member.public_id})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def test_a_member_gets_a_seat(acme: Integrator, member: Membership, account: Account) -> None:
    answer = acme.post("assignments", {"member_id": member.public_id, "reason": "New in support"})

    seat = Assignment.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": seat.public_id,
        "state": "held",
        "member": {"id": member.public_id, "name": "Mia", "email": "mia@acme.example"},
        "invitation": None,
        "since": seat.started_at.isoformat().replace("+00:00", "Z"),
        "door": "api",
        "reason": "New in support",
    }
    entry = LedgerEntry.objects.get(account=account)
    assert (entry.kind, entry.to_member, entry.reason) == ("assigned", member, "New in support")
    audit = AuditEntry.objects.get(action="seat.assigned")
    assert (audit.api_key, audit.door) == (acme.key, "api")


def test_a_members_address_does_too(acme: Integrator, member: Membership) -> None:
    answer = acme.post("assignments", {"email": " MIA@acme.example "})

    assert (answer.status_code, answer.json()["member"]["id"]) == (201, member.public_id)
    assert not Invitation.objects.exists()


def test_a_new_address_is_invited_with_a_seat(acme: Integrator, account: Account) -> None:
    answer = acme.post("assignments", {"email": "lena@example.com", "reason": "New in support"})

    invitation = Invitation.objects.get(account=account)
    assert answer.status_code == 201
    assert answer.json()["reason"] == "New in support"
    assert Assignment.objects.get().reason == "New in support"
    assert (answer.json()["state"], answer.json()["member"]) == ("reserved", None)
    assert answer.json()["invitation"] == {"id": invitation.public_id, "email": "lena@example.com"}


def test_at_the_limit_nobody_is_added(
    acme: Integrator, account: Account, owner: Membership, member: Membership
) -> None:
    give(acme, owner)
    limit_to(account, 1)

    known, new = (
        acme.post("assignments", {"member_id": member.public_id}),
        acme.post("assignments", {"email": "lena@example.com"}),
    )

    for answer in (known, new):
        body = problem(answer)
        assert (answer.status_code, body["code"]) == (409, "seat_limit_reached")
        assert (body["limit"], body["assigned"], body["missing"]) == (1, 1, 1)
    assert Assignment.objects.count() == LedgerEntry.objects.count() == 1
    assert not Invitation.objects.exists()


def test_nobody_sits_twice(acme: Integrator, member: Membership) -> None:
    give(acme, member)

    answer = acme.post("assignments", {"member_id": member.public_id})

    assert (answer.status_code, problem(answer)["code"]) == (409, "already_seated")
    assert Assignment.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "member_id", "validation_failed"),
        ({"member_id": "mem_1", "email": "a@b.c"}, "member_id", "validation_failed"),
        ({"member_id": "mem_nobody"}, "member_id", "not_a_member"),
        ({"email": "no address"}, "email", "bad_address"),
        ({"email": "a@b.c", "reason": "x" * 201}, "reason", "validation_failed"),
    ],
)
def test_a_wrong_person_is_named(acme: Integrator, body: dict[str, str], field: str, code: str) -> None:
    answer = acme.post("assignments", body)

    assert answer.status_code in (400, 422)
    assert (problem(answer)["code"], problem(answer)["errors"][0]["field"]) == (code, field)
    assert not Assignment.objects.exists()


def test_a_seat_moves_in_one_act_at_a_full_limit(
    acme: Integrator, account: Account, owner: Membership, member: Membership
) -> None:
    seat_id = give(acme, owner)
    limit_to(account, 1)

    answer = acme.post(f"assignments/{seat_id}/reassign", {"to_member_id": member.public_id, "reason": "Olivia left"})

    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["member"]["id"]) == (seat_id, member.public_id)
    assert SeatPool.objects.get(account=account).assigned == 1
    assert LedgerEntry.objects.filter(kind="reassigned", from_member=owner, to_member=member).count() == 1


def test_a_seat_does_not_move_to_a_stranger(acme: Integrator, owner: Membership, outsider: Membership) -> None:
    seat_id = give(acme, owner)

    answer = acme.post(f"assignments/{seat_id}/reassign", {"to_member_id": outsider.public_id})

    assert (answer.status_code, problem(answer)["code"]) == (422, "not_a_member")
    assert problem(answer)["errors"][0]["field"] == "to_member_id"
    assert Assignment.objects.get(public_id=seat_id).membership == owner


def test_taking_a_seat_frees_it_and_ends_its_address(acme: Integrator, member: Membership, account: Account) -> None:
    seat_id = give(acme, member)

    answer = acme.delete(f"assignments/{seat_id}?reason=Project%20over")
    again = acme.delete(f"assignments/{seat_id}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert again.status_code == 404
    assert SeatPool.objects.get(account=account).assigned == 0
    assert LedgerEntry.objects.get(kind="released").reason == "Project over"


def test_lists_page_by_cursor(acme: Integrator, account: Account, owner: Membership, now: datetime) -> None:
    people = [owner, *(join(account, f"P{n}", "member", now) for n in range(4))]
    ids = [give(acme, person) for person in people]
    acme.post("assignments", {"email": "lena@example.com"})

    first = acme.get("assignments?state=held&limit=2").json()
    seen = [row["id"] for row in first["results"]]
    following = first["next"]
    while following:
        page = acme.client.get(following, headers={"Authorization": f"Bearer {acme.secret}"}).json()
        seen += [row["id"] for row in page["results"]]
        following = page["next"]

    assert seen == ids[::-1]
    assert first["previous"] is None
    assert [row["state"] for row in acme.get("assignments?state=reserved").json()["results"]] == ["reserved"]
    assert problem(acme.get("assignments?state=lost"))["errors"][0]["field"] == "state"


def test_pages_cost_the_same_at_any_size(
    acme: Integrator, account: Account, owner: Membership, now: datetime, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert acme.get("assignments").status_code == 200
        return len(queries)

    give(acme, owner)
    acme.get("assignments")
    one = cost()
    for n in range(3):
        give(acme, join(account, f"P{n}", "member", now))
    assert cost() == one


def test_a_seat_is_given_with_eight_statements(
    acme: Integrator, account: Account, owner: Membership, member: Membership, now: datetime
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(member: Membership) -> int:
        with CaptureQueriesContext(connection) as queries:
            give(acme, member)
        return len(queries)

    give(acme, owner)  # notes that the key is in use
    few = cost(member)
    for n in range(3):
        give(acme, join(account, f"P{n}", "member", now))

    # The key, the person; both locks, what is around, all that is written; begin and commit, here of a savepoint.
    assert (few, cost(join(account, "Zoe", "member", now))) == (8, 8)


def test_a_reading_key_changes_nothing(owner: Membership, member: Membership, acme: Integrator, now: datetime) -> None:
    seat_id = give(acme, owner)
    reader = integrator_of(owner, now, "seats.view")

    answers = [
        reader.post("assignments", {"member_id": member.public_id}),
        reader.post(f"assignments/{seat_id}/reassign", {"to_member_id": member.public_id}),
        reader.delete(f"assignments/{seat_id}"),
    ]

    for answer in answers:
        assert (answer.status_code, problem(answer)["capability"]) == (403, "seats.assign")
    assert reader.get(f"assignments/{seat_id}").json()["member"]["id"] == owner.public_id
    assert Assignment.objects.get().membership == owner


def test_another_tenant_finds_nothing(
    acme: Integrator, owner: Membership, outsider: Membership, member: Membership, now: datetime
) -> None:
    seat_id = give(acme, owner)
    stranger = integrator_of(outsider, now)

    answers = [
        stranger.get(f"assignments/{seat_id}"),
        stranger.delete(f"assignments/{seat_id}"),
        stranger.post(f"assignments/{seat_id}/reassign", {"to_member_id": outsider.public_id}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert stranger.get("assignments").json() == {"next": None, "previous": None, "results": []}
    assert problem(stranger.post("assignments", {"member_id": member.public_id}))["code"] == "not_a_member"
    assert Assignment.objects.get().membership == owner
