"""Statements that the server prepares once per connection.

Django's own cursors write every value into the text, which is parsed and planned anew each time. For a long statement
that is most of its cost. The plan that is kept is the general one (`plan_cache_mode` in the settings), so a statement
has to be written such that it serves every account.
"""

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from psycopg import Cursor


def prepared(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows. Without a transaction around it, it is one."""
    here = connections[DEFAULT_DB_ALIAS]  # found once, not anew for each of its attributes
    here.close_if_health_check_failed()
    here.ensure_connection()
    with here.wrap_database_errors, Cursor(here.connection) as cursor:
        cursor.execute(statement, values, prepare=True)
        return cursor.fetchall()


def prepared_first(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Read by a request's first statement, which shows at the same time whether the kept connection is still good;
    Django would ask the server that beforehand. Where it is not, asks once more over a new one."""
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return prepared(statement, values)
    except OperationalError:
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return prepared(statement, values)
