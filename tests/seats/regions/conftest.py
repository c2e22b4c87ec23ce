"""An account whose seats are set aside for two regions; after each test its books are right."""

from datetime import datetime

import pytest

from accounts.access.actor import Actor
from accounts.members.edit_member import edit_member
from accounts.members.structure import add_place
from accounts.models import Account, Membership, Region, Role
from seats.capacity.split_seats import split_seats
from seats.invariants.check_invariants import check_invariants
from seats.models import RegionPool, SeatPool
from tests.conftest import join
from tests.factories.seats import give_pool

SYSTEM = Actor.system("demo")


def region(account: Account, name: str, now: datetime) -> Region:
    """A region of the account."""
    found = add_place(account=account, kind="region", name=name, actor=SYSTEM, at=now)
    assert isinstance(found, Region)
    return found


def person(account: Account, name: str, where: Region | None, now: datetime) -> Membership:
    """A member of a region."""
    member = join(account, name, Role.MEMBER, now)
    return edit_member(account=account, membership=member, changes={"region": where}, actor=SYSTEM, at=now)


@pytest.fixture
def europe(account: Account, now: datetime) -> Region:
    """EU."""
    return region(account, "EU", now)


@pytest.fixture
def america(account: Account, now: datetime) -> Region:
    """US."""
    return region(account, "US", now)


@pytest.fixture
def split(account: Account, europe: Region, america: Region, actor: Actor, now: datetime) -> None:
    """Ten seats: two for the EU, five for the US, three for everybody else."""
    give_pool(account, 10, now)
    split_seats(account=account, seats={europe: 2, america: 5}, reason="Blocks", actor=actor, at=now)


def numbers(account: Account) -> tuple[int, int, int, dict[str, tuple[int, int]]]:
    """Taken, taken outside regional pools, set aside, and each pool's taken and number. The books are right."""
    pool = SeatPool.objects.get(account=account)
    pools = RegionPool.objects.filter(account=account).select_related("region")
    return (
        pool.assigned,
        pool.common_assigned,
        pool.set_aside,
        {one.region.name: (one.assigned, one.seats) for one in pools},
    )


@pytest.fixture(autouse=True)
def _books(request: pytest.FixtureRequest, db: None, now: datetime) -> object:
    """After every test the invariants hold (those of the mirror need a subscription and are not asked)."""
    yield
    assert [broken for broken in check_invariants(at=now) if broken.number == 13] == []
