"""`manage.py run_detectors`: look for signals now, in one account or in all."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Account
from seatportal.kit.clock import now
from seats.growth.sweep import Swept, spans, sweep_account, sweep_span
from seats.growth.words import sentence_of
from seats.models import Signal
from seats.sharing.find_sharing import find_sharing
from seats.sharing.queries import found_cases, tell


class Command(BaseCommand):
    help = "Run every detector now; alerts and tasks follow as after the nightly sweep."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", metavar="SLUG", help="Only this account; without it, all of them.")

    def handle(self, *, account: str | None, **options: Any) -> None:
        if account is None:
            for span in spans():
                self._tell(f"{span.first}–{span.last}", sweep_span(span=span, at=now(), nightly=True))
            return
        one = Account.objects.filter(slug=account).first()
        if one is None:
            raise CommandError(f"There is no account with the address “{account}”.")
        find_sharing(account=one, at=now())
        self._tell(one.slug, sweep_account(account=one, at=now()))
        for signal in Signal.objects.filter(account=one, ended_at__isnull=True).order_by("-score", "pk"):
            self.stdout.write(f"  {signal.kind} {signal.subject}: {sentence_of(signal)}")
        for told in map(tell, found_cases(one)):
            shown = "shown to admins" if told.case.shown_at else "asked in private"
            self.stdout.write(f"  shared sign-in {told.case.membership.user.email}, {shown}: {told.sentence}")
            for line in told.lines:
                self.stdout.write(f"    {line}")

    def _tell(self, what: str, swept: Swept) -> None:
        self.stdout.write(f"{what}: {swept.opened} opened, {swept.ended} ended, {swept.alerts} alerts")
