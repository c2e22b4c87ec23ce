"""Rows of several tables in one statement: all of them, or none."""

from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, AuditEntry, Department
from seatportal.kit.together import insert_together

pytestmark = pytest.mark.django_db


def places(account: Account, *names: str) -> list[Department]:
    return [Department(account=account, name=name) for name in names]


def test_rows_of_two_tables_are_written_by_one_statement(account: Account, now: datetime) -> None:
    before = AuditEntry.objects.count()
    rows = places(account, "Sales", "50% off")
    entries = [AuditEntry(account=account, door="page", action="seat.assigned", data={"n": n}) for n in range(3)]

    with CaptureQueriesContext(connection) as queries:
        insert_together(rows, [], entries)

    assert len(queries) == 1
    assert {row.pk: row.name for row in rows} == {
        row.pk: row.name for row in Department.objects.filter(name__in=["Sales", "50% off"])
    }
    assert rows[0].created_at >= now
    assert AuditEntry.objects.count() == before + 3
    assert [entry.data for entry in AuditEntry.objects.order_by("pk")[before:]] == [{"n": n} for n in range(3)]
    rows[0].name = "Marketing"
    rows[0].save()
    assert Department.objects.filter(pk=rows[0].pk).get().name == "Marketing"


def test_one_row_that_must_not_be_keeps_all_out(account: Account) -> None:
    Department.objects.create(account=account, name="Sales")
    before = AuditEntry.objects.count()

    with pytest.raises(IntegrityError, match="department"), transaction.atomic():
        insert_together(
            places(account, "Support", "Sales"), [AuditEntry(account=account, door="page", action="seat.assigned")]
        )

    assert (Department.objects.count(), AuditEntry.objects.count()) == (1, before)
