"""GET /api/v1/seats"""

from datetime import datetime, timedelta

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, Membership
from seats.capacity.comp_seats import comp_seats
from seats.holders.assign_seat import assign_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.wait import wait_for_seat
from seats.models import SeatPool
from tests.integrator import Integrator, integrator_of
from tests.seats.api.conftest import limit_to

pytestmark = pytest.mark.django_db


def test_the_pool_in_numbers(
    acme: Integrator, pool: SeatPool, account: Account, owner: Membership, member: Membership, now: datetime
) -> None:
    actor = Actor(user=owner.user)
    limit_to(account, 2)
    assign_seat(account=account, membership=owner, actor=actor, at=now)
    owner.last_active_at = now - timedelta(days=3)
    owner.save()
    invite_with_seat(
        account=account, email="new@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    wait_for_seat(account=account, membership=member, actor=actor, at=now)

    assert acme.get("seats").json() == {
        "purchased": 2,
        "assigned": 2,
        "held": 1,
        "reserved": 1,
        "free": 0,
        "active": 1,
        "waiting": 1,
        "limit": 2,
        "mode": "hard",
        "allowance": 0,
        "complimentary": 0,
        "complimentary_until": None,
        "over": 0,
        "over_since": None,
        "grace_days": 14,
        "frozen": "",
        "off": False,
    }


def test_seats_free_of_charge_are_told_apart(
    acme: Integrator, pool: SeatPool, owner: Membership, now: datetime
) -> None:
    limit_to(owner.account, 2)
    until = now.date() + timedelta(days=9)
    actor = Actor(user=owner.user)
    comp_seats(account=owner.account, seats=3, until=until, reason="", actor=actor, at=now)

    body = acme.get("seats").json()

    told = {name: body[name] for name in ("purchased", "complimentary", "complimentary_until", "limit", "free", "over")}
    assert told == {
        "purchased": 2,
        "complimentary": 3,
        "complimentary_until": until.isoformat(),
        "limit": 5,
        "free": 2,
        "over": 0,
    }


def test_an_unchanged_pool_is_304(acme: Integrator, pool: SeatPool, owner: Membership, now: datetime) -> None:
    first = acme.get("seats")
    tag = first["ETag"]

    assert first["Cache-Control"] == "private, no-cache"
    for seen in (tag, f'W/{tag}, "other"', "*"):
        same = acme.get("seats", if_none_match=seen)
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)

    assign_seat(account=owner.account, membership=owner, actor=Actor(user=owner.user), at=now)
    moved = acme.get("seats", if_none_match=tag)
    assert (moved.status_code, moved.json()["assigned"]) == (200, 1)
    assert moved["ETag"] != tag


def test_each_tenant_sees_its_own_pool(acme: Integrator, pool: SeatPool, outsider: Membership, now: datetime) -> None:
    assert acme.get("seats").json()["purchased"] == 10
    assert integrator_of(outsider, now).get("seats").json()["purchased"] == 0
