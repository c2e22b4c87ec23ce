"""A key asks in the name of who made it: that person approves nothing of it, and who left asks for nothing more."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.keys.rotate_api_key import rotate_api_key
from accounts.members.remove_member import remove_member
from accounts.models import Membership, Role
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.models import SeatRequest
from seats.requests.queries import open_requests
from tests.conftest import Funded, join
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


def asked_by(program: Integrator, **more: str) -> SeatRequest:
    answer = program.post("requests", {"add": 2, "reason": "Two hires", **more})
    assert answer.status_code == 201, answer.content
    return SeatRequest.objects.get(public_id=answer.json()["id"])


@pytest.mark.parametrize("named", ["nobody", "a member", "the maker"])
@pytest.mark.parametrize("rotated", [False, True])
def test_its_maker_does_not_approve_what_it_asked_for(
    funded: Funded, member: Membership, client_of: ClientOf, now: datetime, *, named: str, rotated: bool
) -> None:
    adam = join(funded.account, "Adam", Role.ADMIN, now)
    program = integrator_of(adam, now)
    if rotated:
        key, secret = rotate_api_key(
            account=funded.account,
            key=program.key,
            overlap=timedelta(0),
            expires_at=None,
            membership=adam,
            actor=Actor(user=adam.user),
            at=now,
        )
        program = Integrator(secret, key)
    whom = {"nobody": {}, "a member": {"member_id": member.public_id}, "the maker": {"member_id": adam.public_id}}
    asked = asked_by(program, **whom[named])
    quote = quote_quantity(account=funded.account, actor=Actor(user=adam.user), add=2, at=now)

    for decision in ("approve", "refuse"):
        refused = client_of(adam).post(
            f"/api/v1/requests/{asked.public_id}/decide",
            {"decision": decision, "quote_id": quote.public_id},
            content_type="application/json",
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "not_an_approver")

    asked.refresh_from_db()
    assert (asked.state, asked.asked_by) == ("open", adam.user)
    assert not QuantityChange.objects.exists()
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_a_key_whose_maker_left_asks_in_the_name_of_who_is_there(
    funded: Funded, member: Membership, now: datetime
) -> None:
    """Else the request would stand in the name of somebody gone: in no list, and its end told to nobody."""
    adam = join(funded.account, "Adam", Role.ADMIN, now)
    program = integrator_of(adam, now)
    remove_member(account=funded.account, membership=adam, actor=funded.actor, at=now)

    refused = problem(program.post("requests", {"add": 2, "reason": "Two hires"}))
    assert (refused["status"], refused["code"], refused["errors"][0]["field"]) == (422, "not_a_member", "member_id")
    assert not SeatRequest.objects.exists()

    asked = asked_by(program, member_id=member.public_id)
    assert (asked.membership, asked.asked_by) == (member, member.user)
    assert list(open_requests(funded.account)) == [asked]


def test_a_seat_asked_for_by_a_key_whose_maker_left_stands_in_the_persons_name(
    funded: Funded, member: Membership, now: datetime
) -> None:
    adam = join(funded.account, "Adam", Role.ADMIN, now)
    program = integrator_of(adam, now)
    remove_member(account=funded.account, membership=adam, actor=funded.actor, at=now)

    answer = program.post("requests", {"member_id": member.public_id, "reason": "New"})

    assert (answer.status_code, answer.json()["asked_by"]) == (201, member.user.email)
