"""The pool row: made with the account, locked by everything that moves seats."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from accounts.models import Account
from seats.models import SeatPool


def pool_of(account: Account) -> SeatPool:
    """The account's pool."""
    return SeatPool.objects.get(account=account)


def lock_pool(account: Account) -> SeatPool:
    """Lock the pool until the transaction ends.

    The order everywhere is members, then pool, then regions' pools, then assignments; so a claim, a release, a
    purchase that arrives and the queue's admission wait for each other here and never in a circle.
    """
    return SeatPool.objects.select_for_update(no_key=True).get(account=account)


def policy_of(pool: SeatPool) -> dict[str, Any]:
    """What the limit is made of besides the purchased seats, as events state it."""
    return {
        "mode": pool.mode,
        "allowance": pool.allowance,
        "grace_days": pool.grace_days,
        "complimentary": pool.comped,
        "complimentary_until": pool.comped_until.isoformat() if pool.comped_until else None,
    }


@contextmanager
def recounting() -> Iterator[None]:
    """In here counters may be written, and rise above their ceiling, which moves with them; the pool is locked.

    The guards on the counters know this word; it ends with the transaction at the latest (migrations 0005, 0033).
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL seats.recount = 'on'")
        yield
        cursor.execute("SET LOCAL seats.recount = 'off'")


def create_pool(*, account: Account) -> SeatPool:
    """An empty pool for a new account."""
    return SeatPool.objects.create(account=account)
