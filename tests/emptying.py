"""After a test that commits: empty the tables that hold something.

Django's own way truncates all of them, which makes new files for every table and index, and writes content types and
permissions anew: most of what such a test costs. Both stay here as the migrations left them.
"""

from functools import cache

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})


def empty_quickly() -> None:
    """Put it in the place of Django's way, where the database's user may pass foreign keys and triggers by."""
    usual = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(self: TransactionTestCase) -> None:
        connection = connections["default"]
        if _is_superuser(connection):
            _empty(connection)
        else:
            usual(self)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[attr-defined]


def _empty(connection: BaseDatabaseWrapper) -> None:
    names = _names(connection)
    quoted = [connection.ops.quote_name(name) for name in names]
    asked = " UNION ALL ".join(f"SELECT {n} WHERE EXISTS (SELECT FROM {name})" for n, name in enumerate(quoted))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(asked)
        full = [quoted[n] for (n,) in cursor.fetchall()]
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in full:
            cursor.execute(f"DELETE FROM {name}")


@cache
def _names(connection: BaseDatabaseWrapper) -> list[str]:
    # Also tables that no model manages, as the partitioned ones; a partition is emptied with its table.
    return sorted(set(connection.introspection.table_names()) - KEPT)


@cache
def _is_superuser(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])
