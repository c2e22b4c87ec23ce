"""`manage.py crash_matrix`: every fault of payments.md §11.1, with processes that are really killed."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from seatportal.demo.processes import ServiceFailed
from seatportal.matrix import faults
from seatportal.matrix.journal import Journal
from seatportal.matrix.run_matrix import run_matrix
from seatportal.matrix.world import lanes

LANES = 2


class Command(BaseCommand):
    help = (
        "Play faults × cards × orders of webhooks on an embedded PostgreSQL and the Stripe simulator, and check the "
        "invariants after each; then see that mistakes made on purpose are caught. Exit code 1 on a violation."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--slice", choices=("fast", "full"), default="fast", help="fast is a fixed part of full.")
        parser.add_argument("--only", default="", metavar="F4", help="One fault of the slice; without mutants.")
        parser.add_argument("--json", action="store_true", help="End with one line of JSON.")
        parser.add_argument(
            "--resume", type=Path, metavar="FILE", help="Keep results in FILE and do not play again what it holds."
        )

    def handle(self, *, only: str, resume: Path | None, **options: Any) -> None:
        fast = [str(cell) for cell in faults.fast()]
        chosen = [str(cell) for cell in (faults.full() if options["slice"] == "full" else faults.fast())]
        if only:
            chosen = [text for text in chosen if only in (text, *_names(text))]
            if not chosen:
                raise CommandError(f"No scenario of this slice is named {only}.")
        try:
            journal = Journal(resume)
            with lanes(LANES) as players:
                report = run_matrix(
                    players=players,
                    scenarios=chosen,
                    slice_of_mutants=[] if only else fast,
                    journal=journal,
                    tell=self._tell,
                )
        except KeyboardInterrupt:
            raise CommandError("Stopped; with --resume FILE it goes on from there.", returncode=130) from None
        except (ServiceFailed, OSError, ValueError) as failure:
            raise CommandError(str(failure)) from failure
        self.stdout.write(json.dumps(report.as_json()) if options["json"] else report.as_text())
        if not report.sound:
            sys.exit(1)

    def _tell(self, text: str) -> None:
        self.stderr.write(text, style_func=str)
        self.stderr.flush()


def _names(text: str) -> tuple[str, str]:
    """The names by which --only finds a scenario: its fault's number, and its variant."""
    fault = text.partition("/")[0]
    return fault.partition(".")[0], fault
