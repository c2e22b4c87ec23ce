"""The nightly run: whom it looks at, what it puts aside, where it goes on, and that it never writes."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Membership
from billing.errors import NotOpen
from billing.gateway.contract import Listed
from billing.models import Customer, Drift, Reconciliation, Subscription
from billing.models.drift import Kind
from billing.reconcile.reconcile import (
    continue_reconciliation,
    reconcile_account,
    reconcile_everybody,
    start_reconciliation,
)
from billing.reconcile.repair import accept_drift, ignore_drift, repair_drift
from seats.models import SeatPool
from tests.billing.reconcile.drifts import (
    STAFF,
    State,
    by_program,
    counts,
    item_of,
    run_twice,
)
from tests.conftest import Funded, FundMaker, make_account

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_unknown_subscription_is_put_aside(funded: Funded, now: datetime) -> None:
    stranger = funded.desk.client.v1.customers.create({"name": "Stranger"})
    funded.desk.card(stranger.id)
    other = funded.desk.subscribe(stranger.id, funded.desk.price(), 3)

    drift = run_twice(now)

    assert (drift.kind, drift.subject, drift.account, drift.state) == ("unknown", other, None, State.FOUND)
    assert Subscription.objects.count() == 1
    with pytest.raises(NotOpen):
        repair_drift(drift=drift, actor=STAFF, at=now, reason="Take it")
    ignore_drift(drift=drift, actor=STAFF, at=now, reason="Another product")
    assert counts(reconcile_everybody(at=now)) == (0, 0, 0)
    assert Drift.objects.get().state == State.IGNORED
    # When it moves, it is on the list again.
    item = funded.desk.client.v1.subscriptions.retrieve(other).to_dict()["items"]["data"][0]["id"]
    funded.desk.client.v1.subscriptions.update(other, {"items": [{"id": item, "quantity": 4}]})
    assert counts(reconcile_everybody(at=now)) == (1, 0, 0)
    assert Drift.objects.get().state == State.FOUND


def test_a_subscription_of_ours_that_is_not_there(funded: Funded, now: datetime) -> None:
    Subscription.objects.filter(pk=funded.subscription.pk).update(stripe_id="sub_gone")
    now += timedelta(minutes=1)

    first = reconcile_everybody(at=now)

    assert counts(first) == (2, 0, 0)
    missing = Drift.objects.get(kind=Kind.MISSING)
    assert (missing.subject, missing.severity) == ("sub_gone", "grave")
    assert Drift.objects.get(kind=Kind.UNKNOWN).subject == funded.stripe_id
    assert counts(reconcile_everybody(at=now + timedelta(minutes=1))) == (0, 0, 0)
    assert Subscription.objects.get().status == "active"
    accept_drift(drift=missing, actor=STAFF, at=now, reason="Deleted on purpose")


def test_modes_do_not_mix(funded: Funded, now: datetime) -> None:
    Customer.objects.update(livemode=True)
    by_program(funded, items=[{"id": item_of(funded), "quantity": 3}])

    drift = run_twice(now)

    assert (drift.kind, drift.ours, drift.theirs, drift.state) == ("livemode", "live", "test", State.FOUND)
    assert funded.subscription.items.get().quantity == 10


def test_one_customer_that_fails_stops_nobody(
    funded: Funded, fund: FundMaker, outsider: Membership, now: datetime
) -> None:
    other = fund(outsider)
    for one in (funded, other):
        by_program(one, items=[{"id": item_of(one), "quantity": 15}])
    # The newest comes first in Stripe's list, so the one that fails stands before the one that must go on.
    funded.desk.fault("error500_no_effect", method="GET", path=f"/v1/subscriptions/{other.stripe_id}$", times=50)

    report = reconcile_everybody(at=now)

    assert (report.found, report.repaired, report.failed) == (1, 1, 1)
    assert [error["about"] for error in report.errors] == [other.stripe_id]
    assert Reconciliation.objects.get().failed == 1
    assert SeatPool.objects.get(account=funded.account).purchased == 15
    assert SeatPool.objects.get(account=other.account).purchased == 10

    funded.desk.clear_faults()
    assert counts(reconcile_everybody(at=now + timedelta(minutes=1))) == (1, 1, 0)
    assert SeatPool.objects.get(account=other.account).purchased == 15


def test_one_account_on_demand_leaves_the_others_alone(
    funded: Funded, fund: FundMaker, outsider: Membership, now: datetime
) -> None:
    other = fund(outsider)
    for one in (funded, other):
        by_program(one, items=[{"id": item_of(one), "quantity": 15}])

    assert counts(reconcile_account(account=funded.account, at=now)) == (1, 1, 0)

    assert SeatPool.objects.get(account=funded.account).purchased == 15
    assert SeatPool.objects.get(account=other.account).purchased == 10
    assert not Drift.objects.filter(account=other.account).exists()


def test_nothing_is_ever_written_to_stripe(funded: Funded, now: datetime) -> None:
    by_program(funded, items=[{"id": item_of(funded), "quantity": 6}])
    seen = funded.desk.simulator.get("/_control/requests")["requests"][-1]["seq"]

    reconcile_everybody(at=now)

    sent = funded.desk.simulator.get(f"/_control/requests?since={seen}")["requests"]
    assert len(sent) >= 4
    assert {row["method"] for row in sent} == {"GET"}


def test_a_run_is_taken_up_where_a_dead_worker_left_it(funded: Funded, now: datetime) -> None:
    run = start_reconciliation(at=now)
    assert start_reconciliation(at=now).pk == run.pk
    Reconciliation.objects.update(lease_until=now + timedelta(minutes=10))

    assert continue_reconciliation(at=now + timedelta(minutes=1)) is None
    taken = continue_reconciliation(at=now + timedelta(minutes=11))

    assert taken is not None
    assert (taken.pk, taken.stage, taken.checked) == (run.pk, "done", 2)
    assert continue_reconciliation(at=now + timedelta(minutes=12)) is None


def test_a_run_in_many_steps_looks_at_everybody_once(
    funded: Funded, fund: FundMaker, outsider: Membership, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billing.gateway.subscriptions import Subscriptions

    fund(outsider)
    fund(make_account("Third", now, owner="Thea", domain="third.example"))
    real = Subscriptions.subscription_page

    def one(self: Subscriptions, *, after: str = "", customer_id: str = "") -> tuple[list[Listed], bool]:
        page, more = real(self, after=after, customer_id=customer_id)
        return page[:1], more or len(page) > 1

    monkeypatch.setattr(Subscriptions, "subscription_page", one)
    start_reconciliation(at=now)
    steps = 0
    while Reconciliation.objects.filter(finished_at__isnull=True).exists():
        continue_reconciliation(at=now, seconds=0.0001)
        steps += 1
        assert steps < 20

    run = Reconciliation.objects.get()
    assert (run.checked, run.found, run.failed) == (6, 0, 0)
    assert steps == 5
    assert Subscription.objects.filter(listed_at=now).count() == 3
