"""Edits behind our back, and runs that look for them."""

import urllib.parse
import urllib.request
from datetime import datetime, timedelta

from accounts.access.actor import Actor
from billing.models import Drift
from billing.reconcile.reconcile import (
    Report,
    reconcile_everybody,
)
from tests.conftest import Funded

STAFF = Actor.system("admin")
State = Drift.State


def at_dashboard(funded: Funded, path: str, **params: object) -> None:
    """A write as Stripe's dashboard makes it: a request without an idempotency key."""
    request = urllib.request.Request(
        f"{funded.desk.simulator.url}/v1/{path}",
        data=urllib.parse.urlencode(params).encode(),
        headers={"Authorization": "Bearer sk_test_simulator"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


def by_program(funded: Funded, **params: object) -> None:
    """A write by the official library, which sends a key of its own."""
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, params)  # type: ignore[arg-type]


def item_of(funded: Funded) -> str:
    return funded.subscription.items.get().stripe_id


def counts(report: Report) -> tuple[int, int, int]:
    return report.found, report.repaired, report.failed


def run_twice(at: datetime) -> Drift:
    """One run finds one thing; the next one finds nothing, and nothing is written twice."""
    first = reconcile_everybody(at=at)
    assert (first.found, first.failed) == (1, 0), first
    drift = Drift.objects.get()
    second = reconcile_everybody(at=at + timedelta(minutes=1))
    assert counts(second) == (0, 0, 0), second
    assert Drift.objects.count() == 1
    drift.refresh_from_db()
    return drift


def run_nothing(at: datetime) -> Drift:
    assert counts(reconcile_everybody(at=at)) == (0, 0, 0)
    return Drift.objects.get()
