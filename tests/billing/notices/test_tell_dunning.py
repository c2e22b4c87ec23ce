"""A renewal that is not paid: what is told, what the seats do, and how all comes back with the payment."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership, Notice, Role
from accounts.notices.deliver_notice import mail_of
from billing.dunning.queries import late_of, subscriptions_in_trouble
from billing.dunning.rules import Stage
from billing.errors import PastDue
from billing.gateway.contract import RemoteInvoice
from billing.gateway.stripe_api import StripeGateway
from billing.inbox.handle_event import handle_waiting_events
from billing.mirror.queries import open_on_credit
from billing.mirror.refresh import refresh_subscription
from billing.models import Invoice, StripeEvent, Subscription
from billing.notices.tell_dunning import walk_dunning
from billing.notices.tell_standing import tell_end
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.set_terms import set_terms
from seats.errors import SeatsFrozen
from seats.holders.assign_seat import assign_seat
from seats.models import Assignment, SeatPool
from tests.conftest import Funded, FundMaker, join

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


@pytest.fixture
def late(funded: Funded, now: datetime) -> tuple[Funded, datetime]:
    """The renewal was declined; everything is read at that moment."""
    assign_seat(
        account=funded.account, membership=join(funded.account, "Ana", Role.MEMBER, now), actor=funded.actor, at=now
    )
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    end = funded.subscription.items.get().period_end
    moment = end + timedelta(hours=2)
    funded.desk.advance(int((moment - now).total_seconds()))
    refresh_subscription(stripe_id=funded.stripe_id, at=moment)
    return funded, moment


def stage(account: Account, at: datetime) -> Stage:
    found = late_of(account, at)
    assert found is not None
    return found.dunning.stage


def kinds() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("key", flat=True))


def frozen(funded: Funded) -> str:
    return SeatPool.objects.get(account=funded.account).frozen


def test_each_step_is_told_once_and_the_seats_follow(late: tuple[Funded, datetime], now: datetime) -> None:
    funded, start = late
    invoice = Invoice.objects.get(account=funded.account, status="open")
    bob, cleo = (join(funded.account, name, Role.MEMBER, start) for name in ("Bob", "Cleo"))
    assert funded.subscription.items.get().quantity == 10
    assert kinds() == [f"past_due:{invoice.public_id}:grace"]

    # Within the grace owned seats can be given, and none can be bought.
    walk_dunning(at=start + timedelta(days=6))
    assert frozen(funded) == ""
    assign_seat(account=funded.account, membership=bob, actor=funded.actor, at=start)
    with pytest.raises(PastDue):
        quote_quantity(account=funded.account, actor=funded.actor, add=1, at=start)

    for _twice in range(2):
        walk_dunning(at=start + timedelta(days=8))
    assert frozen(funded) == "past_due"
    with pytest.raises(SeatsFrozen, match="An invoice is overdue"):
        assign_seat(account=funded.account, membership=cleo, actor=funded.actor, at=start)

    walk_dunning(at=start + timedelta(days=22))
    assert frozen(funded) == "suspended"
    assert kinds() == [f"past_due:{invoice.public_id}:{name}" for name in ("grace", "frozen", "suspended")]
    pool = SeatPool.objects.get(account=funded.account)
    assert (pool.purchased, pool.assigned) == (10, 2)


def test_all_comes_back_with_the_payment(late: tuple[Funded, datetime]) -> None:
    funded, start = late
    walk_dunning(at=start + timedelta(days=22))
    invoice = Invoice.objects.get(account=funded.account, status="open")
    funded.desk.card(funded.customer.stripe_id)
    funded.desk.client.v1.invoices.pay(invoice.stripe_id)

    for _twice in range(2):
        refresh_subscription(stripe_id=funded.stripe_id, at=start + timedelta(days=23))

    assert frozen(funded) == ""
    assert stage(funded.account, start + timedelta(days=23)) == Stage.NONE
    assert kinds()[-1] == f"paid_up:{invoice.public_id}"
    assert kinds().count(f"paid_up:{invoice.public_id}") == 1
    assert Assignment.objects.filter(account=funded.account, ended_at__isnull=True).count() == 1
    quote_quantity(account=funded.account, actor=funded.actor, add=1, at=start + timedelta(days=1))


def test_the_mail_names_amount_and_days(late: tuple[Funded, datetime]) -> None:
    funded, _start = late
    text = str(mail_of(Notice.objects.get()).body)

    since = Invoice.objects.get(account=funded.account, status="open").issued_at
    assert "over $500.00 has been due since" in text
    for days in (0, 7, 21):
        day = since + timedelta(days=days)
        assert f"{day.day} {day:%B %Y}" in text


def test_staff_give_more_time_with_a_reason(late: tuple[Funded, datetime]) -> None:
    funded, start = late
    until = start + timedelta(days=40)
    set_terms(account=funded.account, reason="Bank moved", actor=Actor.system("admin"), at=start, grace_until=until)

    walk_dunning(at=start + timedelta(days=30))

    assert (stage(funded.account, start + timedelta(days=30)), frozen(funded)) == (Stage.GRACE, "")
    entry = AuditEntry.objects.get(account=funded.account, action="terms.set")
    assert (entry.summary, entry.data["new"]) == ("Bank moved", {"grace_until": until.isoformat()})


def test_an_old_open_invoice_counts_although_the_status_is_well(late: tuple[Funded, datetime]) -> None:
    funded, start = late
    type(funded.subscription).objects.update(status="active")

    walk_dunning(at=start + timedelta(days=8))

    assert frozen(funded) == "past_due"


def test_the_page_says_what_happens_when_and_where_to_pay(late: tuple[Funded, datetime], client_of: ClientOf) -> None:
    funded, start = late
    invoice = Invoice.objects.get(account=funded.account, status="open")
    with time_machine.travel(start + timedelta(days=1)):
        text = " ".join(client_of(funded.owner).get(f"/a/{funded.account.slug}/invoices/").content.decode().split())

    assert "An invoice over $500.00 is not paid" in text
    assert "Everything keeps working; seats can be added again as soon as it is paid." in text
    assert invoice.hosted_url in text
    assert "Pay now" in text


def hear(funded: Funded, event_id: str, kind: str, invoice: str, at: datetime) -> int:
    """An event of an invoice that names no subscription."""
    StripeEvent.objects.create(
        event_id=event_id,
        kind=kind,
        object_id=invoice,
        customer_stripe_id=funded.customer.stripe_id,
        stripe_created=at,
        payload={},
    )
    return handle_waiting_events(at=at)


def test_an_older_read_of_an_invoice_does_not_make_a_paid_one_open_again(
    late: tuple[Funded, datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first read travels, the invoice is paid and a newer read says so; no event comes after that."""
    funded, start = late
    walk_dunning(at=start + timedelta(days=8))
    invoice = Invoice.objects.get(account=funded.account, status="open")
    real = StripeGateway.invoice

    def slow(self: StripeGateway, stripe_id: str) -> RemoteInvoice:
        monkeypatch.setattr(StripeGateway, "invoice", real)
        old = real(self, stripe_id)
        funded.desk.card(funded.customer.stripe_id)
        funded.desk.client.v1.invoices.pay(stripe_id)
        refresh_subscription(stripe_id=funded.stripe_id, at=start + timedelta(days=9))
        return old

    monkeypatch.setattr(StripeGateway, "invoice", slow)

    assert hear(funded, "evt_1", "invoice.updated", invoice.stripe_id, start + timedelta(days=9)) == 1

    invoice.refresh_from_db()
    assert (invoice.status, invoice.amount_remaining) == ("paid", 0)
    assert frozen(funded) == ""
    assert stage(funded.account, start + timedelta(days=30)) == Stage.NONE


def test_an_invoice_without_a_subscription_lets_the_seats_go_on_once_it_is_paid(funded: Funded, now: datetime) -> None:
    invoices = funded.desk.client.v1.invoices
    made = invoices.create({"customer": funded.customer.stripe_id, "pending_invoice_items_behavior": "exclude"})
    funded.desk.client.v1.invoice_items.create(
        {"customer": funded.customer.stripe_id, "invoice": made.id, "amount": 900, "currency": "usd"}
    )
    invoices.finalize_invoice(made.id)
    hear(funded, "evt_1", "invoice.finalized", made.id, now)
    mirrored = Invoice.objects.get(stripe_id=made.id)
    assert (mirrored.status, mirrored.subscription) == ("open", None)
    walk_dunning(at=mirrored.issued_at + timedelta(days=8))
    assert frozen(funded) == "past_due"

    invoices.pay(made.id)
    hear(funded, "evt_2", "invoice.paid", made.id, mirrored.issued_at + timedelta(days=9))

    assert Invoice.objects.get(stripe_id=made.id).status == "paid"
    assert frozen(funded) == ""
    assert kinds()[-1] == f"paid_up:{mirrored.public_id}"


def test_a_round_that_meets_a_payment_does_not_stop_the_seats_again(late: tuple[Funded, datetime]) -> None:
    """The payment's transaction holds the pool; the round waits for it and then sees what it wrote."""
    funded, start = late

    def walk() -> None:
        try:
            walk_dunning(at=start + timedelta(days=8))
        finally:
            connection.close()

    round_ = threading.Thread(target=walk)
    with transaction.atomic():
        SeatPool.objects.select_for_update().get(account=funded.account)
        round_.start()
        while round_.is_alive() and not waits_for_a_lock():
            time.sleep(0.02)
        Invoice.objects.filter(account=funded.account).update(status="paid", amount_remaining=0)
        Subscription.objects.filter(account=funded.account).update(status="active")
    round_.join()

    assert frozen(funded) == ""


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # Else a transaction sees the processes of its first look.
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def test_a_round_tells_what_is_true_when_it_comes_by(
    late: tuple[Funded, datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It began while the subscription was to end, and comes by after that was taken back and told."""
    _funded, start = late
    Subscription.objects.update(cancel_at=start + timedelta(days=20))
    tell_end(subscription=Subscription.objects.get(), at=start)
    begun = list(subscriptions_in_trouble(start))
    Subscription.objects.update(cancel_at=None)
    tell_end(subscription=Subscription.objects.get(), at=start)
    told = kinds()
    monkeypatch.setattr("billing.notices.tell_dunning.subscriptions_in_trouble", lambda at: begun)

    walk_dunning(at=start + timedelta(days=1))

    assert kinds() == told


def test_what_an_ended_subscription_left_stops_no_new_one(
    owner: Membership, fund: FundMaker, client_of: ClientOf, now: datetime
) -> None:
    """ADR 24: it is owed, shown and counted in the credit limit; the seats that are paid for work and grow."""
    old = fund(owner, collection_method="send_invoice", days_until_due=1)
    later = now + timedelta(days=25)
    old.desk.advance(25 * 86_400)
    refresh_subscription(stripe_id=old.stripe_id, at=later)
    assert stage(owner.account, later) == Stage.SUSPENDED
    old.desk.client.v1.subscriptions.cancel(old.stripe_id)
    refresh_subscription(stripe_id=old.stripe_id, at=later)
    price = old.desk.prices["graduated", "month", "usd"]
    new = old.desk.subscribe(old.customer.stripe_id, price, 10)

    refresh_subscription(stripe_id=new, at=later)

    pool = SeatPool.objects.get(account=owner.account)
    assert (pool.purchased, pool.frozen, stage(owner.account, later)) == (10, "", Stage.NONE)
    # The database has its own clock.
    Invoice.objects.filter(subscription__stripe_id=old.stripe_id).update(due_at=now - timedelta(days=24))
    quote = quote_quantity(account=owner.account, actor=old.actor, add=1, at=later)
    assert quote.target_quantity == 11
    text = " ".join(client_of(owner).get(f"/a/{owner.account.slug}/invoices/").content.decode().split())
    assert "An invoice over $500.00 is not paid" in text
    assert "It is of a subscription that has ended. The seats of the present one are not affected." in text
    assert open_on_credit(owner.account) == 50_000
    walk_dunning(at=later + timedelta(days=30))
    assert SeatPool.objects.get(account=owner.account).frozen == ""
