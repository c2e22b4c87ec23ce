"""What the usage page says of an account's value, asked for together."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.db.models import Model

from accounts.models import Account
from seats.models import RoiVersion, ValuePlan
from seats.value.plans import Plan, plan_of
from seats.value.roi import Saved

_BOTH = """
SELECT {columns} FROM (SELECT 1) AS one
LEFT JOIN seats_valueplan p ON p.account_id = %(account)s AND p.ended_at IS NULL
LEFT JOIN LATERAL (SELECT * FROM seats_roiversion WHERE account_id = %(account)s ORDER BY id DESC LIMIT 1) r ON true
"""


def plan_and_roi(account: Account, at: datetime, *, priced: bool) -> tuple[Plan | None, Saved | None]:
    """The open plan and the newest version of the return; one statement, and a second where there is a plan.

    priced: with what the seats cost.
    """
    columns = [*_columns("p", ValuePlan), *_columns("r", RoiVersion)]
    with connection.cursor() as cursor:
        cursor.execute(_BOTH.format(columns=", ".join(columns)), {"account": account.pk})
        values = iter(cursor.fetchone())
    plan, roi = _row(ValuePlan, values), _row(RoiVersion, values)
    return plan_of(plan, account, at) if plan else None, Saved(roi, priced) if roi else None


def _columns(table: str, model: type[Model]) -> list[str]:
    return [f"{table}.{field.column}" for field in model._meta.concrete_fields]


def _row[M: Model](model: type[M], values: Iterator[object]) -> M | None:
    """The next row of a model, or None where it was not there."""
    fields = model._meta.concrete_fields
    found = [next(values) for _field in fields]
    names = [field.attname for field in fields]
    return None if found[names.index("id")] is None else model.from_db("default", names, found)
