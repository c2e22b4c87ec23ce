"""`manage.py seed`: fill an empty database with the demo's world."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from seatportal.demo.seed_world import SeedRefused, seed_world
from seatportal.kit.clock import now


class Command(BaseCommand):
    help = "Build the demo's accounts from real usage history, once, and print the logins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--data",
            type=Path,
            default=settings.BASE_DIR / ".data" / "seed",
            metavar="DIR",
            help="The folder that keeps the logins.",
        )
        parser.add_argument("--json", action="store_true", help="Print the logins as one JSON object on one line.")

    def handle(self, *, data: Path, **options: Any) -> None:
        try:
            logins = seed_world(simulator_url=settings.STRIPE_API_BASE, directory=data, at=now())
        except SeedRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"The Stripe simulator does not answer: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(logins))
            return
        for role in ("admin", "member", "staff"):
            self.stdout.write(f"{role:<8}{logins[role]['email']}  {logins[role]['password']}")
        self.stdout.write(f"{'API key':<8}{logins['api_key']}")
        self.stdout.write(f"{'SCIM':<8}{logins['scim_token']}")
