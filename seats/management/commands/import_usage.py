"""`manage.py import_usage FILE --account SLUG`: import a file of usage events."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.access.actor import Actor
from accounts.models import Account
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.models import UsageImport
from seats.usage.import_file import add_import, work_import

# A worker may hold the row; then this looks again.
LOOK_SECONDS = 0.2


class Command(BaseCommand):
    help = "Import a CSV or NDJSON file of usage events. Killed, a worker finishes it; run again, nothing counts twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--account", metavar="SLUG", required=True)

    def handle(self, *, file: Path, account: str, **options: Any) -> None:
        one = Account.objects.filter(slug=account, closed_at__isnull=True).first()
        if one is None:
            raise CommandError(f"There is no account with the address “{account}”.")
        try:
            data = file.read_bytes()
            row = add_import(account=one, file_name=file.name, data=data, actor=Actor.system("task"), at=now())
        except (OSError, PortalError) as error:
            raise CommandError(f"{file}: {error}") from error
        self._work(row)
        self.stdout.write(f"{row.accepted} accepted, {row.duplicate} known already, {row.rejected} rejected")
        for why in row.rejections:
            self.stdout.write(f"  line {why['line']}: {why['field']} {why['text']}")
        if row.state == UsageImport.State.STOPPED:
            raise CommandError(f"The import stopped: {row.last_error}")
        if row.rejected and not row.accepted + row.duplicate:
            raise CommandError("No line of the file could be taken.")

    def _work(self, row: UsageImport) -> None:
        told = -1
        while row.state == UsageImport.State.OPEN:
            work_import(import_id=row.pk, at=now(), chunks=1)
            row.refresh_from_db()
            if row.lines_done == told:
                time.sleep(LOOK_SECONDS)
            else:
                told = row.lines_done
                self.stderr.write(f"{row.lines_done} of {row.lines} lines ({row.percent} %)")
