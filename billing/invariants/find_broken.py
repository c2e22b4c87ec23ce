"""Run invariants on the database."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from billing.invariants.rules import Broken, Invariant


def find_broken(*, invariants: Iterable[Invariant], at: datetime) -> list[Broken]:
    """Every violation that the queries find now, in the order of the invariants."""
    found: list[Broken] = []
    with connection.cursor() as cursor:
        for invariant in invariants:
            cursor.execute(invariant.sql, {"at": at})
            found += [Broken(invariant.number, invariant.name, str(s), str(d)) for s, d in cursor.fetchall()]
    return found
