"""`manage.py verify_true_up`: recompute the evidence of a true-up and say what differs."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from seats.models import TrueUp
from seats.true_up.verify_evidence import NotABundle, verify_bundle, verify_true_up


class Command(BaseCommand):
    help = "Recompute a true-up's evidence from its own content and from the rows; ends with 1 when it differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", metavar="FILE_OR_ID", help="A downloaded bundle (JSON or CSV), or a true-up's id.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *, what: str, **options: Any) -> None:
        try:
            found = self._verify(what)
        except (NotABundle, UnicodeDecodeError, OSError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"equal": not found, "differences": found}))
        elif not found:
            self.stdout.write("Equal: the content gives its hashes, and the rows give the content.")
        if found and not options["json"]:
            raise CommandError("\n".join(["It differs:", *found]))
        if found:
            raise CommandError("It differs.")

    def _verify(self, what: str) -> list[str]:
        run = TrueUp.objects.filter(public_id=what).first()
        if run is not None:
            return verify_true_up(run)
        path = Path(what)
        if not path.is_file():
            raise NotABundle(f"{what} is neither a file nor the id of a true-up.")
        # Bytes as they are: a reader that turns line ends would hide a changed one.
        return verify_bundle(path.read_bytes().decode())
