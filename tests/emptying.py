"""After a test that commits: empty all tables.

Django's own way truncates them, which makes new files for every table and index, and writes content types and
permissions anew: most of what such a test costs. Both stay here as the migrations left them. A function in a session
of its own does it, because PostgreSQL keeps its plans: deleting from 124 empty tables takes it a third of a
millisecond, planning that each time ten.
"""

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})
_sessions: list[BaseDatabaseWrapper] = []


def empty_quickly() -> None:
    """Put it in the place of Django's way, where the database's user may pass foreign keys and triggers by."""
    usual = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(self: TransactionTestCase) -> None:
        if not _sessions and _is_superuser(connections["default"]):
            _sessions.append(_session())
        if _sessions:
            with _sessions[0].cursor() as cursor:
                cursor.execute("SELECT pg_temp.empty_tables()")
        else:
            usual(self)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[attr-defined]


def stop_emptying() -> None:
    """Close the session."""
    while _sessions:
        _sessions.pop().close()


def _session() -> BaseDatabaseWrapper:
    connection = connections["default"].copy()
    # Also tables that no model manages, as the partitioned ones; a partition is emptied with its table.
    names = sorted(set(connection.introspection.table_names()) - KEPT)
    deletes = " ".join(f"DELETE FROM {connection.ops.quote_name(name)};" for name in names)
    with connection.cursor() as cursor:
        # A test that leaves a lock behind shall fail, not wait for ever.
        cursor.execute("SET session_replication_role = replica; SET lock_timeout = '30s'")
        cursor.execute(
            f"CREATE FUNCTION pg_temp.empty_tables() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {deletes} END $$"
        )
    return connection


def _is_superuser(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])
