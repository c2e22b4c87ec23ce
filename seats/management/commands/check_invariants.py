"""`manage.py check_invariants`: the hourly check, by hand."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from seatportal.kit.clock import now
from seats.invariants.check_invariants import check_invariants


class Command(BaseCommand):
    help = "Check the invariants of money and seats on the database. Exit code 1 when one is broken."

    def handle(self, **_: Any) -> None:
        broken = check_invariants(at=now())
        for one in broken:
            self.stdout.write(str(one))
        if broken:
            raise CommandError(f"{len(broken)} violations.")
        self.stdout.write("All invariants hold.")
