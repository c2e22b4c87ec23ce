"""`manage.py stripe_simulator`: the local Stripe, as a process of its own."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from billing.simulator.server import serve


class Command(BaseCommand):
    help = "Run a local Stripe over HTTP. It keeps its state in FILE and moves no real money."
    requires_system_checks: list[str] = []  # It needs neither the database nor the portal's settings.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=12111, help="0 picks a free port")
        parser.add_argument("--data", type=Path, default=None, metavar="FILE", help="journal that survives a restart")

        parser.add_argument("--limits", action="store_true", help="Stripe's limits for one subscription")

    def handle(self, *, host: str, port: int, data: Path | None, limits: bool, **options: Any) -> None:
        serve(host=host, port=port, data=data, limits=limits)
