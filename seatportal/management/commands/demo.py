"""`manage.py demo`: the whole product on one machine, with nothing else installed."""

import hashlib
import json
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.migrations.loader import MigrationLoader

from seatportal.demo.processes import ServiceFailed
from seatportal.demo.run_demo import run_demo


def port_number(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a port: choose a number from 1 to 65535.")


class Command(BaseCommand):
    help = "Run the product with embedded services, a local Stripe simulator and a small market, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port",
            type=port_number,
            default=8000,
            help="Where to listen; the next free port if it is busy.",
        )
        parser.add_argument(
            "--data",
            type=Path,
            default=settings.BASE_DIR / ".data" / "demo",
            metavar="DIR",
            help="The folder that keeps the state.",
        )
        parser.add_argument("--reset", action="store_true", help="Forget the state and start anew.")
        parser.add_argument(
            "--json",
            action="store_true",
            help="When ready, print one JSON object on one line of standard output.",
        )

    def handle(self, *, port: int, data: Path, reset: bool, **options: Any) -> None:
        def announce(ready: dict[str, Any]) -> None:
            self.stdout.write(json.dumps(ready) if options["json"] else readable(ready, data))
            self.stdout.flush()

        def tell(text: str) -> None:
            self.stderr.write(text, style_func=str)
            self.stderr.flush()

        try:
            run_demo(
                project=settings.BASE_DIR,
                data_dir=data,
                port=port,
                reset=reset,
                schema=schema(),
                tell=tell,
                announce=announce,
            )
        except (ServiceFailed, OSError) as failure:
            raise CommandError(str(failure)) from failure


def schema() -> str:
    """Identify the migrations that this code brings."""
    names = sorted(MigrationLoader(None).disk_migrations)
    return hashlib.sha256(repr(names).encode()).hexdigest()


def readable(ready: dict[str, Any], data: Path) -> str:
    """The addresses and logins, for people."""
    logins = [
        f"  {title:<16}{ready[role]['email']}  {ready[role]['password']}"
        for role, title in (("admin", "Customer admin"), ("member", "Member"), ("staff", "Internal staff"))
    ]
    return "\n".join(
        [
            f"\nSeat Portal is ready at {ready['url']}\n",
            *logins,
            f"  {'API key':<16}{ready['api_key']}",
            f"  {'SCIM token':<16}{ready['scim_token']}\n",
            f"  {'Staff pages':<16}{ready['url']}/staff/",
            f"  {'Simulator':<16}{ready['simulator_url']}",
            f"  {'Logs and mail':<16}{data / 'logs'}\n",
            "Ctrl-C stops it and keeps its state.",
        ]
    )
