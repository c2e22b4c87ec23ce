"""Each end of a purchase is told once, to the buyer and to those who look after billing, each in their language."""

from datetime import datetime, timedelta

import pytest
from django.core import mail

from accounts.access.actor import Actor
from accounts.models import Membership, Notice, Role, User
from accounts.notices.deliver_notice import deliver_notice
from billing.changes.buy_quote import buy_quote
from billing.changes.finish_change import finish_change
from billing.changes.finish_open_changes import finish_open_changes
from billing.changes.pending import cancel_change
from billing.changes.undo_change import undo_change
from billing.mirror.refresh import refresh_subscription
from billing.models import Invoice, Price, QuantityChange
from billing.quotes.quote_plan import quote_plan
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.set_terms import set_terms
from seatportal.templatetags.portal import day
from tests.conftest import Funded, FundMaker, join
from tests.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)


def buy(funded: Funded, now: datetime, actor: Actor | None = None) -> QuantityChange:
    actor = actor or funded.actor
    quote = quote_quantity(account=funded.account, actor=actor, add=2, at=now)
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=actor, at=now)


def told() -> list[tuple[str, str]]:
    """Which mails there are, and to whom."""
    return sorted(Notice.objects.values_list("kind", "user__name"))


def mails(at: datetime) -> dict[str, str]:
    """Send all; text by address."""
    for pk in Notice.objects.values_list("pk", flat=True):
        assert deliver_notice(notice_id=pk, at=at)
    return {message.to[0]: str(message.body) for message in mail.outbox}


def test_a_receipt_says_what_was_charged_and_until_when_it_can_be_undone(funded: Funded, now: datetime) -> None:
    buyer = join(funded.account, "Adam", Role.ADMIN, now)
    billing = join(funded.account, "Bert", Role.BILLING, now)
    join(funded.account, "Mia", Role.MEMBER, now)
    User.objects.filter(pk=billing.user_id).update(locale="de")

    change = buy(funded, now, Actor(user=buyer.user))

    assert told() == [("receipt", "Adam"), ("receipt", "Bert"), ("receipt", "Olivia")]
    texts = mails(now)
    until = (now + timedelta(minutes=15)).strftime("%H:%M UTC")
    english = texts["adam@acme.example"]
    assert "Adam added 2 seats. There are 12 seats now." in english
    assert "Quoted $80.00, charged $80.00. $80.00 was charged to Visa •••• 4242." in english
    assert until in english
    assert f"/a/acme/seats/purchases/{change.public_id}/" in english
    assert "80,00\N{NO-BREAK SPACE}$" in texts["bert@acme.example"]


def test_a_receipt_is_written_once_however_often_it_is_read(funded: Funded, now: datetime) -> None:
    change = buy(funded, now)

    finish_change(change_id=change.pk, at=now)
    refresh_subscription(stripe_id=funded.stripe_id, at=now)

    assert told() == [("receipt", "Olivia")]


def test_a_declined_card_is_told_with_the_way_to_pay(owner: Membership, fund: FundMaker, now: datetime) -> None:
    funded = fund(owner, card="pm_card_chargeCustomerFail")

    change = buy(funded, now)

    assert told() == [("payment_declined", "Olivia")]
    text = mails(now)["olivia@acme.example"]
    assert "the card was declined. Nothing was charged and no seats were added." in text
    assert f"/seats/purchases/{change.public_id}/" in text.split("Finish the payment:")[1]


def test_a_confirmation_is_asked_for_and_its_end_is_told(owner: Membership, fund: FundMaker, now: datetime) -> None:
    funded = fund(owner, card="pm_card_authenticationRequired")
    change = buy(funded, now)
    assert told() == [("payment_confirm", "Olivia")]
    assert "Confirm the payment:" in mails(now)["olivia@acme.example"]

    cancel_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)

    assert told() == [("payment_confirm", "Olivia"), ("purchase_abandoned", "Olivia")]


def test_an_undo_is_told_to_the_buyer_too(funded: Funded, now: datetime) -> None:
    buyer = join(funded.account, "Adam", Role.ADMIN, now)
    change = buy(funded, now, Actor(user=buyer.user))

    undo_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)

    assert [row for row in told() if row[0] != "receipt"] == [
        ("purchase_undone", "Adam"),
        ("purchase_undone", "Olivia"),
    ]
    mails(now)
    text = next(str(m.body) for m in mail.outbox if m.to == ["adam@acme.example"] and "undid" in str(m.body))
    assert "Olivia undid the purchase of 2 seats. There are 10 seats now." in text
    assert "$80.00 go back to the card" in text


def test_a_purchase_that_never_reached_stripe_is_told(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    funded.desk.fault("rate_limit", times=9)
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert told() == []

    finish_open_changes(at=now + timedelta(hours=2))

    assert told() == [("purchase_failed", "Olivia")]
    text = mails(now + timedelta(hours=2))["olivia@acme.example"]
    assert "The payment service could not be reached. Try again." in text


def test_what_its_buyer_stopped_needs_no_mail(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    funded.desk.fault("rate_limit")
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    cancel_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)

    assert told() == []


def switch(funded: Funded, now: datetime) -> QuantityChange:
    """To the year's price."""
    price = Price.objects.get(interval="year")
    quote = quote_plan(account=funded.account, actor=funded.actor, price_id=price.public_id, quantity=None, at=now)
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)


def test_a_change_of_plan_is_told_as_one(owner: Membership, fund: FundMaker, desk: Desk, now: datetime) -> None:
    desk.price("flat", "year", unit=51_000)
    funded = fund(owner, scheme="flat")

    change = switch(funded, now)

    assert (change.state, told()) == (QuantityChange.State.APPLIED, [("receipt", "Olivia")])
    text = mails(now)["olivia@acme.example"]
    plan = Price.objects.get(interval="year")
    assert mail.outbox[0].subject == f"Acme: the plan is {plan} now"
    assert f"Olivia changed the plan to {plan}, for 10 seats." in text
    assert "Quoted $4,600.00, charged $4,600.00. $4,600.00 was charged to Visa •••• 4242." in text
    assert "Open the change of plan:" in text
    assert "added" not in text
    assert "undone" not in text


def test_a_declined_change_of_plan_and_its_end_are_told(
    owner: Membership, fund: FundMaker, desk: Desk, now: datetime
) -> None:
    desk.price("flat", "year", unit=51_000)
    funded = fund(owner, scheme="flat", card="pm_card_chargeCustomerFail")

    change = switch(funded, now)
    cancel_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)

    assert told() == [("payment_declined", "Olivia"), ("purchase_abandoned", "Olivia")]
    mails(now)
    plan = Price.objects.get(interval="year")
    told_by = {message.subject: str(message.body) for message in mail.outbox}
    declined, ended = (
        told_by["Acme: the card was declined"],
        told_by["Acme: the change of plan ended without a payment"],
    )
    assert (
        f"Olivia changes the plan to {plan} for $4,600.00, and the card was declined. Nothing was charged and the "
        "plan stays as it is."
    ) in declined
    assert (
        f"The change to {plan} for $4,600.00 by Olivia was not paid and has ended. Nothing was charged and the plan "
        "stays as it is."
    ) in ended
    assert "The change of plan is kept: try the card again" in declined
    assert "seats for" not in declined + ended
    assert "order" not in declined + ended


def test_a_purchase_on_credit_is_told_with_its_invoice(owner: Membership, fund: FundMaker, now: datetime) -> None:
    funded = fund(owner, collection_method="send_invoice", days_until_due=30)
    [first] = funded.desk.invoices(funded.stripe_id)
    funded.desk.client.v1.invoices.pay(first["id"], {"paid_out_of_band": True})
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    set_terms(
        account=funded.account, reason="Net 30", actor=funded.actor, at=now, credit_limit=10_000, po_number="PO 17"
    )
    Notice.objects.all().delete()  # What the first invoice was told with.

    change = buy(funded, now)

    assert (change.state, told()) == (QuantityChange.State.APPLIED, [("receipt", "Olivia")])
    text = mails(now)["olivia@acme.example"]
    bill = Invoice.objects.get(stripe_id=change.invoice_stripe_id)
    assert bill.due_at is not None
    assert "Olivia added 2 seats. There are 12 seats now." in text
    assert (
        "Quoted $80.00, invoiced $80.00. Nothing is charged to a card; the invoice of $80.00 is due "
        f"{day(bill.due_at)}."
    ) in text
    assert f"Invoice: {bill.number}" in text
    assert "Purchase order number: PO 17" in text
    assert "was charged" not in text
    assert "undone" not in text
