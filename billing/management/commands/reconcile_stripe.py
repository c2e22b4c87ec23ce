"""`manage.py reconcile_stripe`: hold our books against Stripe's, everybody's or one account's."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Account
from billing.errors import ProviderUnavailable, RunUnderWay
from billing.models import Drift
from billing.reconcile.reconcile import reconcile_account, reconcile_everybody
from seatportal.kit.clock import now


class Command(BaseCommand):
    help = "Compare subscriptions, seats, ledger and paid invoices with Stripe. Reads there and never writes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", metavar="SLUG", help="Only this account.")
        parser.add_argument("--json", action="store_true", help="One JSON object on the last line.")

    def handle(self, *, account: str | None, **options: Any) -> None:
        try:
            if account is None:
                report = reconcile_everybody(at=now())
            else:
                found = Account.objects.filter(slug=account).first()
                if found is None:
                    raise CommandError(f"There is no account {account!r}.")
                report = reconcile_account(account=found, at=now())
        except (ProviderUnavailable, RunUnderWay) as error:
            raise CommandError(str(error)) from error
        still = Drift.objects.filter(state=Drift.State.FOUND)
        if account is not None:
            still = still.filter(account__slug=account)
        if options["json"]:
            self.stdout.write(json.dumps({**asdict(report), "open": still.count()}))
            return
        for drift in still.order_by("-severity", "pk"):
            self.stdout.write(
                f"{drift.severity:<8}{drift.kind:<20}{drift.subject}  ours {drift.ours}  Stripe {drift.theirs}"
            )
        for failure in report.errors:
            self.stderr.write(f"not checked: {failure['about']}  {failure['error']}")
        self.stdout.write(
            f"{report.checked} checked, {report.found} found, {report.repaired} repaired, "
            f"{report.failed} failed, {still.count()} open."
        )
