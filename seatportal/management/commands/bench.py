"""`manage.py bench`: measure the portal beside a peer or a limit, in one run on this machine."""

import json
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from seatportal.bench.names import NAMES
from seatportal.bench.stage import services
from seatportal.demo.processes import ServiceFailed


class Command(BaseCommand):
    help = "Measure ours and a peer or a limit, by turns, with services of its own. Ratios count, not seconds."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"Any of {', '.join(NAMES)}; none: all.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object for each bench.")
        parser.add_argument("--quick", action="store_true", help="The smallest run: its figures mean little.")

    def handle(self, *, names: list[str], quick: bool, **options: Any) -> None:
        if unknown := set(names) - set(NAMES):
            raise CommandError(f"Unknown bench: {', '.join(sorted(unknown))}. There are {', '.join(NAMES)}.")
        try:
            with services() as environment:
                child = subprocess.Popen(  # noqa: S603  our own program
                    [sys.executable, "-m", "seatportal.bench", *(names or NAMES), *(["--quick"] if quick else [])],
                    env=environment,
                    cwd=settings.BASE_DIR,
                    stdout=subprocess.PIPE,
                    text=True,
                )
                with child:
                    for line in child.stdout or ():
                        self.stdout.write(line.rstrip() if options["json"] else readable(json.loads(line)))
                        self.stdout.flush()
        except ServiceFailed as failure:
            raise CommandError(str(failure)) from failure
        if child.returncode:
            raise CommandError("A bench did not come to its end; what it said stands above.")


def readable(found: dict[str, Any]) -> str:
    """One bench for people."""
    lines = [f"{found['bench']}: {found['ours']:.4g} {found['unit']} ({found['spread'].get('ours', 'once')})"]
    for name, value in found["against"].items():
        lines.append(f"  {name}: {value:.4g} ({found['spread'].get(name, 'once')})")
    for name, value in found["ratio"].items():
        goal = found["goal"].get(name)
        lines.append(f"  ratio {name}: {value:.3g}" + (f", goal {goal}" if goal else ""))
    lines.append(f"  goals: {'held' if found['holds'] else 'MISSED'}" if found["goal"] else "  no goal, a figure")
    return "\n".join([*lines, *(f"  {note}" for note in found["notes"])])
