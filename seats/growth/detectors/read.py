"""One statement over a span of accounts."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection

from seats.growth.picture import Span

type Value = int | str | date | datetime


def rows(statement: str, span: Span, **values: Value) -> Iterator[tuple[Any, ...]]:
    """The statement names the span as %(first)s and %(last)s."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"first": span.first, "last": span.last, **values})
        yield from cursor.fetchall()
