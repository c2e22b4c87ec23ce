"""`manage.py rebuild_rollups`: daily counts again from events."""

from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Account
from seatportal.kit.clock import now
from seats.usage.engines.postgres import PostgresEngine
from seats.usage.rebuild_counts import differing_counts, rebuild_counts


class Command(BaseCommand):
    help = "Make the daily counts again from the kept events and say what had been different. --check only looks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", help="Its address; every account when not given.")
        parser.add_argument("--from", type=date.fromisoformat, dest="first", help="The first day; else all kept days.")
        parser.add_argument("--to", type=date.fromisoformat, dest="last", help="The last day; else today.")
        parser.add_argument("--check", action="store_true", help="Write nothing; exit code 1 when something differs.")

    def handle(self, *, account: str | None, first: date | None, last: date | None, check: bool, **_: Any) -> None:
        engine, wrong = PostgresEngine(), 0
        chosen = Account.objects.filter(slug=account) if account else Account.objects.all()
        if account and not chosen.exists():
            raise CommandError(f"There is no account with the address {account}.")
        act = differing_counts if check else rebuild_counts
        for one in chosen.order_by("pk"):
            # Tomorrow, as a day may have begun already where the account is.
            found = act(
                account=one,
                first=first or engine.complete_from(one),
                last=last or (now() + timedelta(days=1)).date(),
                engine=engine,
            )
            wrong += len(found)
            self.stderr.write(f"{one.slug}: {len(found)} counts differed")
        self.stdout.write(f"{wrong} counts differed.")
        if wrong and check:
            raise CommandError("Run it without --check to make them again.")
