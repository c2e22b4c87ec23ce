"""The fence: the newest read owns the truth, whichever comes home last."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from django.db import transaction

from billing import facts
from billing.gateway.contract import RemoteCustomer, RemoteSubscription
from billing.gateway.stripe_api import StripeGateway, gateway
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.mirror_invoice import mirror_invoices, unpaid_of
from billing.mirror.refresh import refresh_subscription, refresh_until_written
from billing.models import Customer, Invoice, Subscription
from seats.models import LedgerEntry, SeatPool
from tests.conftest import Funded

pytestmark = pytest.mark.django_db(transaction=True)


def set_quantity(funded: Funded, quantity: int) -> None:
    """An edit at Stripe."""
    item = funded.subscription.items.get().stripe_id
    funded.desk.client.v1.subscriptions.update(
        funded.stripe_id, {"items": [{"id": item, "quantity": quantity}], "proration_behavior": "none"}
    )


def overtaken(funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RemoteSubscription]:
    """The first read takes its picture, and while it travels the number changes and a newer read is done."""
    real = StripeGateway.subscription

    def slow(self: StripeGateway, stripe_id: str) -> RemoteSubscription:
        monkeypatch.setattr(StripeGateway, "subscription", real)
        old = real(self, stripe_id)
        set_quantity(funded, 14)
        refresh_subscription(stripe_id=stripe_id, at=now)
        return old

    return slow


def test_fault_28_a_slow_read_does_not_overwrite_a_newer_one(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StripeGateway, "subscription", overtaken(funded, now, monkeypatch))

    found = refresh_subscription(stripe_id=funded.stripe_id, at=now)

    assert found is not None
    assert (found.written, found.remote.items[0].quantity) == (False, 10)
    assert funded.subscription.items.get().quantity == 14
    assert SeatPool.objects.get(account=funded.account).purchased == 14
    assert LedgerEntry.objects.filter(kind="external").count() == 1


def test_an_overtaken_read_is_done_again_when_the_caller_needs_the_truth(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StripeGateway, "subscription", overtaken(funded, now, monkeypatch))

    found = refresh_until_written(stripe_id=funded.stripe_id, at=now)

    assert found is not None
    assert (found.written, found.remote.items[0].quantity) == (True, 14)


def test_a_slow_read_of_a_customer_does_not_overwrite_a_newer_one(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both begin in the same second, so no clock tells which is newer; the slow one is read again."""
    real, stripe_id = StripeGateway.customer, funded.customer.stripe_id

    def slow(self: StripeGateway, customer: str) -> RemoteCustomer:
        monkeypatch.setattr(StripeGateway, "customer", real)
        old = real(self, customer)
        funded.desk.client.v1.customers.update(customer, {"email": "new@acme.example"})
        assert refresh_customer(stripe_id=customer, at=now)
        return old

    monkeypatch.setattr(StripeGateway, "customer", slow)

    assert refresh_customer(stripe_id=stripe_id, at=now, tries=1) is False
    assert Customer.objects.get().email == "new@acme.example"

    monkeypatch.setattr(StripeGateway, "customer", slow)
    assert refresh_customer(stripe_id=stripe_id, at=now) is True
    assert Customer.objects.get().email == "new@acme.example"
    assert refresh_customer(stripe_id="cus_stranger", at=now) is None


def test_more_seats_are_no_news_of_the_standing(funded: Funded, now: datetime) -> None:
    told: list[object] = []

    def listen(**_: object) -> None:
        told.append(1)

    facts.standing_changed.connect(listen)
    set_quantity(funded, 14)
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    assert (SeatPool.objects.get(account=funded.account).purchased, told) == (14, [])

    funded.desk.client.v1.subscriptions.cancel(funded.stripe_id)
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    assert told == [1]


def test_reading_twice_changes_nothing_the_second_time(funded: Funded, now: datetime) -> None:
    before = Subscription.objects.get().version

    refresh_subscription(stripe_id=funded.stripe_id, at=now)

    assert Subscription.objects.get().version == before
    assert LedgerEntry.objects.count() == 1


def test_a_customer_that_is_not_ours_leaves_no_trace(funded: Funded, now: datetime) -> None:
    stranger = funded.desk.client.v1.customers.create({"name": "Stranger"})
    funded.desk.card(stranger.id)
    other = funded.desk.subscribe(stranger.id, funded.desk.price(), 3)

    assert refresh_subscription(stripe_id=other, at=now) is None

    assert Subscription.objects.count() == 1


def test_stripe_is_never_called_inside_a_transaction(funded: Funded) -> None:
    """Invariant 15."""
    with pytest.raises(RuntimeError, match="inside a database transaction"), transaction.atomic():
        gateway().subscription(funded.stripe_id)


def test_a_write_without_a_key_is_refused(funded: Funded) -> None:
    """Invariant 16."""
    with pytest.raises(ValueError, match="needs a key"):
        gateway().void_invoice("in_x", key="")


def test_the_end_of_a_subscription_ends_its_seats_in_the_ledger(funded: Funded, now: datetime) -> None:
    funded.desk.client.v1.subscriptions.cancel(funded.stripe_id)

    refresh_subscription(stripe_id=funded.stripe_id, at=now)

    entry = LedgerEntry.objects.get(kind="ended")
    assert (entry.purchased_before, entry.purchased_after) == (10, 0)
    pool = SeatPool.objects.get(account=funded.account)
    assert (pool.purchased, pool.frozen) == (0, "canceled")


def test_a_slow_read_of_an_invoice_does_not_overwrite_a_newer_one(funded: Funded, now: datetime) -> None:
    """Two workers read the same invoice, which is paid between their reads; the earlier read comes home last."""
    bill = Invoice.objects.get(account=funded.account)
    paid = gateway().invoice(bill.stripe_id)
    opened = replace(paid, status="open", amount_paid=0, amount_remaining=paid.amount_due, paid_at=None)

    with transaction.atomic():
        mirror_invoices(account=funded.account, subscription=funded.subscription, remotes=[opened])

    bill.refresh_from_db()
    assert (bill.status, bill.amount_paid, bill.amount_remaining) == ("paid", paid.amount_due, 0)
    assert unpaid_of(funded.account) == set()
