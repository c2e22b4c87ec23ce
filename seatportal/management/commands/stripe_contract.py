"""`manage.py stripe_contract`: ask Stripe the questions that only Stripe can answer (docs/stripe.md)."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.stripe_contract.run import Result, run_contract
from seatportal import env
from seatportal.demo.processes import DirectoryLock, Process

SIMULATOR_KEY = "sk_test_simulator"
PROCESSES = ("web", "worker", "reconciler")


class Command(BaseCommand):
    help = "Ask S1 to S15 at a Stripe sandbox when a test key is set, otherwise at a simulator of its own."
    requires_system_checks = ()  # It needs neither database nor broker.

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", action="append", default=[], metavar="S3", help="One question; may be repeated.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object on standard output.")

    def handle(self, *, only: list[str], **options: Any) -> None:
        with stripe_to_ask(env.read()) as (where, key, base, process_keys):
            self.stderr.write(f"Asking {where}.", style_func=str)
            try:
                results = run_contract(
                    api_key=key,
                    api_base=base,
                    process_keys=process_keys,
                    only=only,
                    tell=lambda text: self.stderr.write(text, style_func=str),
                )
            except ValueError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(as_json(where, results)) if options["json"] else as_table(results))
        differing = [result.question.id for result in results if result.answer.verdict == "differs"]
        if differing:
            raise CommandError(f"The portal relies on other answers than {', '.join(differing)} gave.")


@contextmanager
def stripe_to_ask(values: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """What to ask: its name, key and address (empty: the real Stripe), and restricted keys by process.

    A test key with STRIPE_API_BASE unset opens a sandbox. Otherwise a simulator is started, and ended afterwards.
    A live key in STRIPE_API_KEY is never used.
    """
    named = values["STRIPE_CONTRACT_KEY"]
    general = values["STRIPE_API_KEY"]
    usable = general.startswith(("sk_test_", "rk_test_")) and general != SIMULATOR_KEY
    key = named or (general if usable else "")
    if key and not values["STRIPE_API_BASE"]:
        keys = {process: values[f"STRIPE_CONTRACT_{process.upper()}_KEY"] for process in PROCESSES}
        yield "a Stripe sandbox", key, "", keys
        return
    with TemporaryDirectory(prefix="stripe-contract-") as folder, DirectoryLock(Path(folder)) as lock:
        process = Process(
            "The Stripe simulator",
            [sys.executable, "-m", "billing.simulator", "--port", "0"],
            log=Path(folder) / "simulator.log",
            lock=lock,
            cwd=settings.BASE_DIR,
        )
        process.start()
        try:
            found = process.wait_for_output(r"Stripe simulator ready at (\S+)")
            yield "the simulator", SIMULATOR_KEY, found[1], {}
        finally:
            process.stop()


def as_json(where: str, results: list[Result]) -> dict[str, Any]:
    """For programs."""
    return {
        "asked": where,
        "answers": [
            {
                "id": result.question.id,
                "question": result.question.text,
                "seen": result.answer.seen,
                "verdict": result.answer.verdict,
                "if_bad": result.question.if_bad,
            }
            for result in results
        ],
        "differs": sum(result.answer.verdict == "differs" for result in results),
    }


def as_table(results: list[Result]) -> str:
    """For people: one block for each question."""
    blocks = [
        f"{result.question.id:<4}{result.answer.verdict.upper():<20}{result.question.text}\n"
        f"{'':<4}seen: {result.answer.seen}\n"
        f"{'':<4}if bad: {result.question.if_bad}"
        for result in results
    ]
    count = {verdict: sum(r.answer.verdict == verdict for r in results) for verdict in VERDICTS}
    return "\n\n".join([*blocks, ", ".join(f"{number} {verdict}" for verdict, number in count.items())])


VERDICTS = ("holds", "differs", "not answerable here")
