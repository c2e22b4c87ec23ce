"""Rows of several tables, written by one statement."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model
from django.db.models.sql import InsertQuery


def insert_together(rows: Sequence[Model], *others: Sequence[Model]) -> None:
    """Insert `rows`, all of one model, and with them the rows of other models that do not need their keys.

    One trip instead of one for each table. Only `rows` learn their primary keys. Raises IntegrityError.
    """
    first, *rest = [_insert(each) for each in (rows, *others) if each]
    beside = ", ".join(f"t{number} AS ({sql})" for number, (sql, _values) in enumerate(rest))
    key = connection.ops.quote_name(str(rows[0]._meta.pk.column))
    statement = f"{f'WITH {beside} ' if beside else ''}{first[0]} RETURNING {key}"
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for _sql, values in (*rest, first) for value in values])
        keys = cursor.fetchall()
    for row, (pk,) in zip(rows, keys, strict=True):
        row.pk, row._state.adding, row._state.db = pk, False, connection.alias


def _insert(rows: Sequence[Model]) -> tuple[str, Sequence[Any]]:
    """Django's own statement for them, which lets the database number them."""
    model = type(rows[0])
    query = InsertQuery(model)
    query.insert_values([field for field in model._meta.concrete_fields if not field.primary_key], list(rows))
    [(sql, values)] = query.get_compiler(connection=connection).as_sql()
    return sql, values
