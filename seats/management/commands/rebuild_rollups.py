"""`manage.py rebuild_rollups`: daily counts again from events."""

from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Account
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.usage.archive import ArchiveUnusable
from seats.usage.engines import Engine, EngineUnavailable
from seats.usage.engines.postgres import PostgresEngine
from seats.usage.rebuild_counts import differing_counts, rebuild_counts


class Command(BaseCommand):
    help = "Make the daily counts again from events and say what had been different. --check only looks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", help="Its address; every account when not given.")
        parser.add_argument("--from", type=date.fromisoformat, dest="first", help="The first day; else all there are.")
        parser.add_argument("--to", type=date.fromisoformat, dest="last", help="The last day; else all there are.")
        parser.add_argument("--check", action="store_true", help="Write nothing; exit code 1 when something differs.")
        parser.add_argument(
            "--engine",
            choices=("postgres", "spark"),
            default="postgres",
            help="postgres: the days whose events the database keeps. spark: those that are in the archive.",
        )

    def handle(
        self, *, account: str | None, first: date | None, last: date | None, check: bool, engine: str, **_: Any
    ) -> None:
        wrong = 0
        chosen = Account.objects.filter(slug=account) if account else Account.objects.all()
        if account and not chosen.exists():
            raise CommandError(f"There is no account with the address {account}.")
        act = differing_counts if check else rebuild_counts
        try:
            counter = _engine(engine)
            for one in chosen.order_by("pk"):
                start, end = counter.complete_days(one)
                if start > end:
                    self.stderr.write(f"{one.slug}: nothing is archived")
                    continue
                # Tomorrow, as a day may have begun already where the account is.
                until = last or min(end, (now() + timedelta(days=1)).date())
                found = act(account=one, first=first or start, last=until, engine=counter)
                wrong += len(found)
                self.stderr.write(f"{one.slug}: {len(found)} counts differed")
        except (PortalError, ArchiveUnusable, EngineUnavailable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{wrong} counts differed.")
        if wrong and check:
            raise CommandError("Run it without --check to make them again.")


def _engine(name: str) -> Engine:
    if name == "postgres":
        return PostgresEngine()
    try:
        from seats.usage.engines.spark import SparkEngine  # noqa: PLC0415  an extra
    except ImportError as error:
        raise EngineUnavailable("Spark is not installed: add the extra `spark`.") from error
    return SparkEngine()
