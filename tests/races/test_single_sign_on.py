"""Thirty new people come by single sign-on at once, and five seats are free."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connections

from accounts.access.actor import Actor
from accounts.models import Account, Membership
from accounts.sso.come_in import Identity, come_in
from seats.models import Assignment, SeatPool, SeatRequest, WaitingPerson
from tests.accounts.sso.conftest import connected, policy, proved
from tests.factories.seats import give_pool
from tests.idp import Provider, providing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture
def idp() -> Iterator[Provider]:
    with providing() as server:
        yield server


def test_five_sit_and_twenty_five_wait(account: Account, idp: Provider, now: datetime) -> None:
    give_pool(account, 5, now)
    proved(account, "acme.example", now)
    connection = connected(account, idp, now)
    policy(account, join="seat")

    def arrive(number: int) -> None:
        try:
            for _tab in range(2):
                come_in(
                    connection=connection,
                    identity=Identity(f"u{number}", f"new{number}@acme.example", f"New {number}"),
                    actor=Actor(user=None, door="sso"),
                    at=now,
                )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(arrive, range(30)))

    joined = Membership.objects.filter(account=account, user__email__startswith="new", left_at__isnull=True)
    assert joined.count() == 30
    assert Assignment.objects.filter(account=account, ended_at__isnull=True).count() == 5
    assert SeatPool.objects.get(account=account).assigned == 5
    assert (
        WaitingPerson.objects.filter(account=account, served_at__isnull=True, withdrawn_at__isnull=True).count() == 25
    )
    assert SeatRequest.objects.filter(account=account).count() == 25
