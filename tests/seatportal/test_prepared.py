"""Statements that are prepared once: the server keeps their plan, and plans everything else for its own values."""

import pytest
from django.db import connection

from accounts.models import Account
from seatportal.kit.prepared import prepared

pytestmark = pytest.mark.django_db
COUNT = "SELECT count(*) FROM accounts_account WHERE id = ANY(%(ids)s::bigint[])"


def kept() -> list[tuple[str, int, int]]:
    """Statement, uses of the kept plan, uses of one that was made for its values."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements ORDER BY prepare_time"
        )
        return [(statement, generic, custom) for statement, generic, custom in cursor.fetchall()]


def test_the_server_plans_a_prepared_statement_once(account: Account) -> None:
    before = kept()
    for ids in ([account.pk], [account.pk, 0], []):
        assert prepared(COUNT, {"ids": ids}) == [(int(account.pk in ids),)]
    plans = [row for row in kept() if row not in before]
    # A value of another type, as an empty list is, makes it another statement.
    assert plans == [
        ("SELECT count(*) FROM accounts_account WHERE id = ANY($1::bigint[])", 2, 0),
        ("SELECT count(*) FROM accounts_account WHERE id = ANY($1::bigint[])", 1, 0),
    ]


def test_other_statements_are_not_prepared(account: Account) -> None:
    before = kept()
    for _ in range(10):
        assert Account.objects.filter(pk=account.pk).count() == 1
    assert kept() == before
