"""Every row of the table of payments.md §7, made for real behind our back: found once, cause and repair right, and a
second run finds nothing."""

import urllib.parse
import urllib.request
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, transaction

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Notice
from accounts.notices.deliver_notice import deliver_notice, mail_of
from billing.catalog.sync_catalog import sync_catalog
from billing.changes.buy_quote import accept_quote, buy_quote
from billing.changes.pending import cancel_change
from billing.errors import NotOpen, QuoteChanged, SelfServiceFrozen
from billing.gateway.contract import Listed
from billing.gateway.stripe_api import gateway
from billing.models import Customer, Drift, Incident, Price, QuantityChange, Reconciliation, Subscription
from billing.models.drift import Cause, Kind
from billing.quotes.quote_plan import quote_plan
from billing.quotes.quote_quantity import quote_quantity
from billing.reconcile.reconcile import (
    Report,
    continue_reconciliation,
    reconcile_account,
    reconcile_everybody,
    start_reconciliation,
)
from billing.reconcile.repair import accept_drift, ignore_drift, repair_drift, unfreeze_subscription
from seats.holders.assign_seat import assign_seat
from seats.models import LedgerEntry, SeatPool
from tests.conftest import Funded, FundMaker, make_account
from tests.factories.seats import seat

pytestmark = pytest.mark.django_db(transaction=True)
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


def test_two_books_that_agree(funded: Funded, now: datetime) -> None:
    report = reconcile_everybody(at=now)

    # The subscription; its first invoice.
    assert (report.checked, report.found, report.failed) == (2, 0, 0)
    assert not Drift.objects.exists()
    run = Reconciliation.objects.get()
    assert (run.stage, run.finished_at, run.after) == ("done", now, "")


def test_quantity_at_the_dashboard_is_accepted(funded: Funded, now: datetime) -> None:
    at_dashboard(funded, f"subscription_items/{item_of(funded)}", quantity=14)

    drift = run_twice(now)

    assert (drift.kind, drift.ours, drift.theirs) == ("quantity", "10", "14")
    assert (drift.cause, drift.webhook_lost, drift.state) == (Cause.DASHBOARD, True, State.ACCEPTED)
    assert SeatPool.objects.get(account=funded.account).purchased == 14
    entry = LedgerEntry.objects.get(kind="external")
    assert (entry.purchased_before, entry.purchased_after) == (10, 14)
    notice = Notice.objects.get(kind="edited_at_stripe")
    assert notice.user == funded.owner.user
    assert (notice.context["before"], notice.context["after"]) == (10, 14)
    assert deliver_notice(notice_id=notice.pk, at=now + timedelta(minutes=5)) is True
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["olivia@acme.example"], "Acme: the number of seats is 14 now")
    assert "changed from 10 to 14: not in Seat Portal" in sent.body
    assert "A price that you had open is no longer held" in sent.body
    assert f"/a/{funded.account.slug}/ledger/" in sent.body


def test_an_edit_ends_open_prices(funded: Funded, now: datetime) -> None:
    """F25: the version moves with the edit."""
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    by_program(funded, items=[{"id": item_of(funded), "quantity": 11}], proration_behavior="none")
    reconcile_everybody(at=now)

    with pytest.raises(QuoteChanged):
        buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert not QuantityChange.objects.exists()
    assert funded.desk.quantity(funded.stripe_id) == 11


def test_quantity_by_another_program(funded: Funded, now: datetime) -> None:
    by_program(funded, items=[{"id": item_of(funded), "quantity": 6}])

    drift = run_twice(now)

    assert (drift.kind, drift.cause, drift.state) == ("quantity", Cause.OTHER_APP, State.ACCEPTED)
    assert SeatPool.objects.get(account=funded.account).purchased == 6


def test_money_without_seats_pages_somebody(funded: Funded, now: datetime) -> None:
    """Stripe carried out late what we had given up on: our key, our stamp, and a paid invoice."""
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = accept_quote(quote=quote, actor=funded.actor, at=now)
    QuantityChange.objects.filter(pk=change.pk).update(
        state="failed", calls=1, first_call_at=now, settled_at=now, error_code="not_executed"
    )
    gateway().update_subscription(funded.stripe_id, change.params, key=change.idempotency_key)

    first = reconcile_everybody(at=now)
    second = reconcile_everybody(at=now + timedelta(minutes=1))

    assert counts(first) == (2, 1, 0)
    assert counts(second) == (0, 0, 0)
    quantity, money = Drift.objects.order_by("pk")
    assert (quantity.kind, quantity.cause, quantity.state) == ("quantity", Cause.OURS, State.REPAIRED)
    assert (money.kind, money.severity, money.state) == ("money_without_grant", "grave", State.FOUND)
    incident = Incident.objects.get()
    assert (incident.kind, incident.gravity, incident.change_id) == ("money_without_grant", "high", change.pk)
    assert (incident.quoted, incident.charged, incident.creditable) == (0, 8000, 8000)
    assert incident.invoice_stripe_id == money.subject


def test_a_paid_edit_at_the_dashboard_is_no_money_without_seats(funded: Funded, now: datetime) -> None:
    at_dashboard(
        funded,
        f"subscriptions/{funded.stripe_id}",
        **{
            "items[0][id]": item_of(funded),
            "items[0][quantity]": 13,
            "proration_behavior": "always_invoice",
        },
    )

    assert run_twice(now).kind == "quantity"
    assert len(funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update", status="paid")) == 1
    assert not Incident.objects.exists()


def test_seats_without_money_page_somebody(funded: Funded, now: datetime) -> None:
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    change = cancel_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)
    assert change.state == "abandoned"
    QuantityChange.objects.filter(pk=change.pk).update(state="applied")

    drift = run_twice(now)

    assert (drift.kind, drift.subject, drift.theirs) == ("grant_without_money", change.public_id, "void")
    incident = Incident.objects.get()
    assert (incident.kind, incident.quoted, incident.charged) == ("grant_without_money", 8000, 0)
    assert incident.creditable == 0


def test_standing_is_taken_over(funded: Funded, now: datetime) -> None:
    at_dashboard(funded, f"subscriptions/{funded.stripe_id}", cancel_at_period_end="true")

    drift = run_twice(now)

    assert (drift.kind, drift.cause, drift.state) == ("standing", Cause.DASHBOARD, State.ACCEPTED)
    assert drift.ours == "ends: –"
    assert Subscription.objects.get().cancel_at is not None


def test_another_price_stops_self_service_until_staff_let_it_go_on(funded: Funded, now: datetime) -> None:
    other = funded.desk.price("flat")
    by_program(funded, items=[{"id": item_of(funded), "price": other, "quantity": 10}], proration_behavior="none")

    drift = run_twice(now)

    assert (drift.kind, drift.severity, drift.state) == ("shape", "grave", State.FOUND)
    assert drift.cause == Cause.OTHER_APP
    subscription = Subscription.objects.get()
    assert subscription.frozen == "shape"
    notice = Notice.objects.get()
    assert (notice.kind, notice.user) == ("price_edited_at_stripe", funded.owner.user)
    assert "directly at the payment service" in str(mail_of(notice).body)
    with pytest.raises(SelfServiceFrozen):
        quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)

    repair_drift(drift=drift, actor=STAFF, at=now, reason="Agreed with the customer")
    assert subscription.items.get().price.stripe_id == other
    assert Subscription.objects.get().frozen == "shape"
    unfreeze_subscription(subscription=subscription, actor=STAFF, at=now, reason="Price is right")

    assert quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now).price_stripe_id == other
    assert counts(reconcile_everybody(at=now + timedelta(minutes=2))) == (0, 0, 0)
    assert list(AuditEntry.objects.filter(door="admin").order_by("pk").values_list("action", "summary")) == [
        ("drift.repaired", "Agreed with the customer"),
        ("subscription.unfrozen", "Price is right"),
    ]


def test_a_price_held_open_does_not_survive_a_frozen_subscription(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    by_program(
        funded,
        items=[{"id": item_of(funded), "price": funded.desk.price("flat"), "quantity": 10}],
        proration_behavior="none",
    )
    reconcile_everybody(at=now)

    with pytest.raises(QuoteChanged):
        buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert not QuantityChange.objects.exists()


def test_a_webhook_that_brings_another_price_freezes_too(funded: Funded, now: datetime) -> None:
    from billing.mirror.refresh import refresh_subscription

    by_program(
        funded,
        items=[{"id": item_of(funded), "price": funded.desk.price("flat"), "quantity": 10}],
        proration_behavior="none",
    )

    refresh_subscription(stripe_id=funded.stripe_id, at=now)

    assert Subscription.objects.get().frozen == "shape"
    drift = run_nothing(now)
    assert (drift.kind, drift.state) == ("shape", State.FOUND)


def run_nothing(at: datetime) -> Drift:
    assert counts(reconcile_everybody(at=at)) == (0, 0, 0)
    return Drift.objects.get()


def test_an_update_of_somebody_else_that_waits_stops_self_service_until_it_settles(
    funded: Funded, now: datetime
) -> None:
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    by_program(
        funded,
        items=[{"id": item_of(funded), "quantity": 12}],
        proration_behavior="always_invoice",
        payment_behavior="pending_if_incomplete",
    )

    drift = run_twice(now)

    assert (drift.kind, drift.theirs, drift.state) == ("foreign_pending", "no stamp", State.FOUND)
    assert Subscription.objects.get().frozen == "foreign_pending"
    with pytest.raises(SelfServiceFrozen):
        quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)

    invoice = funded.desk.invoices(funded.stripe_id, status="open")[0]["id"]
    funded.desk.client.v1.invoices.void_invoice(invoice)
    reconcile_everybody(at=now + timedelta(minutes=2))

    drift.refresh_from_db()
    assert (drift.state, drift.note) == (State.REPAIRED, "Both sides agree again.")
    assert Subscription.objects.get().frozen == ""
    assert not QuantityChange.objects.exists()


def test_a_purchase_open_for_too_long_is_judged_by_reading(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = accept_quote(quote=quote, actor=funded.actor, at=now)
    QuantityChange.objects.filter(pk=change.pk).update(confirmed_at=now - timedelta(hours=27))

    drift = run_twice(now)

    change.refresh_from_db()
    assert (drift.kind, drift.subject, drift.state) == ("old_change", change.public_id, State.REPAIRED)
    assert change.state == "rejected"
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_a_conflict_stays_on_the_list(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = accept_quote(quote=quote, actor=funded.actor, at=now)
    QuantityChange.objects.filter(pk=change.pk).update(
        state="conflict", calls=1, first_call_at=now - timedelta(hours=27), confirmed_at=now - timedelta(hours=27)
    )

    drift = run_twice(now)

    assert (drift.kind, drift.severity, drift.state) == ("old_change", "grave", State.FOUND)
    with pytest.raises(NotOpen, match="still open"):
        repair_drift(drift=drift, actor=STAFF, at=now, reason="Try")


def test_a_ledger_that_does_not_add_up(funded: Funded, now: datetime) -> None:
    LedgerEntry.objects.create(
        account=funded.account,
        at=now,
        kind="external",
        purchased_before=10,
        purchased_after=11,
        assigned_before=0,
        assigned_after=0,
    )

    drift = run_twice(now)

    assert (drift.kind, drift.severity, drift.ours, drift.theirs) == ("ledger", "grave", "11", "10")
    with pytest.raises(NotOpen):
        repair_drift(drift=drift, actor=STAFF, at=now, reason="No machine repairs history")


def test_a_pool_that_offers_another_number_is_counted_anew(funded: Funded, now: datetime) -> None:
    SeatPool.objects.filter(account=funded.account).update(purchased=12)

    drift = run_twice(now)
    assert (drift.kind, drift.ours, drift.theirs, drift.state) == ("pool", "12", "10", State.FOUND)
    repair_drift(drift=drift, actor=STAFF, at=now, reason="Recount")

    assert SeatPool.objects.get(account=funded.account).purchased == 10
    assert counts(reconcile_everybody(at=now + timedelta(minutes=2))) == (0, 0, 0)


def test_a_counter_that_is_wrong_is_counted_anew(funded: Funded, now: datetime, member: Membership) -> None:
    seat(member, now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = 'replica'")
        cursor.execute("UPDATE seats_seatpool SET assigned = 4 WHERE account_id = %s", [funded.account.pk])

    drift = run_twice(now)
    assert (drift.kind, drift.ours, drift.theirs) == ("counter", "4", "1")
    repair_drift(drift=drift, actor=STAFF, at=now, reason="Recount")

    pool = SeatPool.objects.get(account=funded.account)
    assert (pool.assigned, pool.entitled, pool.purchased) == (1, 10, 10)
    # The guard is back: nobody else moves the counter.
    with pytest.raises(Exception, match="kept by a trigger"):
        SeatPool.objects.filter(pk=pool.pk).update(assigned=7)
    assign_seat(account=funded.account, membership=funded.owner, actor=funded.actor, at=now)
    pool.refresh_from_db()
    assert pool.assigned == 2


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


def test_a_purchase_under_way_is_not_drift(funded: Funded, now: datetime) -> None:
    funded.desk.card(funded.customer.stripe_id, "pm_card_authenticationRequired")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert change.state == "awaiting_payment"
    funded.desk.simulator.control("/_control/3ds", {"invoice": change.invoice_stripe_id, "outcome": "succeed"})
    assert funded.desk.quantity(funded.stripe_id) == 12

    assert counts(reconcile_everybody(at=now)) == (0, 0, 0)

    change.refresh_from_db()
    assert change.state == "awaiting_payment"
    assert not Drift.objects.exists()


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


def test_our_own_change_of_plan_freezes_nothing(funded: Funded, now: datetime) -> None:
    funded.desk.price("flat")
    sync_catalog()
    flat = Price.objects.get(scheme="flat")
    quote = quote_plan(account=funded.account, actor=funded.actor, price_id=flat.public_id, quantity=None, at=now)

    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert (change.state, change.kind) == ("applied", "plan")
    assert Subscription.objects.get().frozen == ""
    assert counts(reconcile_everybody(at=now)) == (0, 0, 0)
    assert not Incident.objects.exists()
    assert not Notice.objects.filter(kind="edited_at_stripe").exists()
