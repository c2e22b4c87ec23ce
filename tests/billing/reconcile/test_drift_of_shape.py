"""Another price or somebody else's update stops self-service; our own change of plan does not."""

from datetime import datetime, timedelta

import pytest

from accounts.models import AuditEntry, Notice
from accounts.notices.deliver_notice import mail_of
from billing.catalog.sync_catalog import sync_catalog
from billing.changes.buy_quote import buy_quote
from billing.errors import QuoteChanged, SelfServiceFrozen
from billing.mirror.refresh import refresh_subscription
from billing.models import Drift, Incident, Price, QuantityChange, Subscription
from billing.models.drift import Cause
from billing.quotes.quote_plan import quote_plan
from billing.quotes.quote_quantity import quote_quantity
from billing.reconcile.reconcile import (
    reconcile_everybody,
)
from billing.reconcile.repair import ignore_drift, repair_drift, unfreeze_subscription
from seats.models import SeatPool
from tests.billing.reconcile.drifts import (
    STAFF,
    State,
    by_program,
    counts,
    item_of,
    run_nothing,
    run_twice,
)
from tests.conftest import Funded

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_another_edit_after_one_was_set_aside_is_read_and_listed_again(funded: Funded, now: datetime) -> None:
    first, second = funded.desk.price("flat"), funded.desk.price("flat", unit=6000)
    by_program(funded, items=[{"id": item_of(funded), "price": first, "quantity": 10}], proration_behavior="none")
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    ignore_drift(drift=Drift.objects.get(), actor=STAFF, at=now, reason="Known")
    unfreeze_subscription(subscription=Subscription.objects.get(), actor=STAFF, at=now, reason="Price is right")

    by_program(funded, items=[{"id": item_of(funded), "price": second, "quantity": 10}], proration_behavior="none")
    refresh_subscription(stripe_id=funded.stripe_id, at=now)

    drift = Drift.objects.get()
    assert (drift.kind, drift.state, second in drift.theirs) == ("shape", State.FOUND, True)
    assert (Subscription.objects.get().frozen, SeatPool.objects.get().purchased) == ("shape", 10)
