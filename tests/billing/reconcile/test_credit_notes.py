"""F37 to its end: what was charged too much goes back once, whatever dies in between."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import Membership
from billing.changes.buy_quote import buy_quote
from billing.changes.undo_change import undo_change
from billing.errors import NothingToCredit, NotUndoable
from billing.gateway.stripe_api import gateway
from billing.mirror.queries import open_on_credit
from billing.mirror.refresh import refresh_subscription
from billing.models import CreditNote, Incident, QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from billing.reconcile.issue_credit_note import finish_credit_notes, issue_credit_note
from billing.reconcile.rules import credit_amounts
from billing.terms.set_terms import set_terms
from tests.conftest import Funded, FundMaker
from tests.invariants import broken_invariants
from tests.seatportal.test_staff import staff_user

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = Actor.system("admin")


def taxed_after_the_quote(funded: Funded, now: datetime) -> QuantityChange:
    """Two seats are quoted at 80.00; then a tax of a tenth is put on the subscription; then the click."""
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    v1 = funded.desk.client.v1
    rate = v1.tax_rates.create({"display_name": "Tax", "percentage": 10, "inclusive": False})
    v1.subscriptions.update(funded.stripe_id, {"default_tax_rates": [rate.id]})
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)


def notes_at_stripe(funded: Funded, change: QuantityChange) -> list[dict[str, Any]]:
    rows = funded.desk.client.v1.credit_notes.list({"invoice": change.invoice_stripe_id}).to_dict()["data"]
    return [dict(row) for row in rows]


def test_a_tax_after_the_quote_is_an_incident_that_proposes_the_difference(funded: Funded, now: datetime) -> None:
    change = taxed_after_the_quote(funded, now)

    assert (change.state, change.quoted_total, change.charged_total) == ("applied", 8000, 8800)
    incident = Incident.objects.get()
    assert (incident.gravity, incident.quoted, incident.charged, incident.creditable) == ("high", 8000, 8800, 800)
    assert [(d["what"], d["quoted"], d["charged"]) for d in incident.differences] == [
        ("total", 8000, 8800),
        ("amount_due", 8000, 8800),
        ("tax", 0, 800),
    ]


def test_a_coupon_that_went_away_and_one_that_came(funded: Funded, now: datetime) -> None:
    v1 = funded.desk.client.v1
    coupon = v1.coupons.create({"percent_off": 25, "duration": "forever"})
    v1.subscriptions.update(funded.stripe_id, {"discounts": [{"coupon": coupon.id}]})
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    v1.subscriptions.update(funded.stripe_id, {"discounts": ""})

    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert change.state == "applied"
    more = Incident.objects.get()
    assert (more.gravity, more.creditable) == ("high", (change.charged_total or 0) - change.quoted_total)
    assert more.creditable > 0

    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    v1.subscriptions.update(funded.stripe_id, {"discounts": [{"coupon": coupon.id}]})
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    less = Incident.objects.exclude(pk=more.pk).get()
    assert (less.gravity, less.creditable) == ("low", 0)
    assert less.difference < 0
    with pytest.raises(NothingToCredit):
        issue_credit_note(incident=less, actor=STAFF, at=now, reason="Nothing")
    assert not CreditNote.objects.exists()


def test_staff_give_the_difference_back_with_one_button(funded: Funded, now: datetime, client_of: Any) -> None:
    change = taxed_after_the_quote(funded, now)
    incident = Incident.objects.get()
    staff = Client()
    staff.force_login(staff_user(), backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("admin:billing_incident_change", args=[incident.pk])
    url = reverse("admin:billing_incident_act", args=[incident.pk, "credit"])
    assert "Issue credit note of $8.00" in staff.get(page).content.decode()

    assert staff.post(url, {"reason": "Tax came late"}).status_code == 302

    note = CreditNote.objects.get()
    incident.refresh_from_db()
    assert (note.state, note.amount, note.currency) == ("issued", 800, "usd")
    assert (incident.state, incident.note) == ("resolved", "Tax came late")
    (there,) = notes_at_stripe(funded, change)
    assert (there["id"], there["total"], there["metadata"]) == (
        note.stripe_id,
        800,
        {"seat_portal_credit_note": note.public_id},
    )
    refunds = funded.desk.client.v1.refunds.list({"limit": 100}).to_dict()["data"]
    assert [refund["amount"] for refund in refunds] == [800]
    # The button is gone, and a second press finds nothing to do.
    assert url not in staff.get(page).content.decode()
    staff.post(url, {"reason": "Again"})
    assert len(notes_at_stripe(funded, change)) == 1

    purchase = reverse("seats:purchase", args=[funded.account.slug, change.public_id])
    text = " ".join(client_of(funded.owner).get(purchase).content.decode().split())
    assert "Quoted $80.00, charged $88.00" in text
    assert f"$8.00 was given back with credit note {note.number} on" in text


@pytest.mark.parametrize("fault", ["reset_after", "reset_before", "error500_with_effect"])
def test_a_lost_answer_is_found_again_and_nothing_is_given_twice(funded: Funded, now: datetime, fault: str) -> None:
    change = taxed_after_the_quote(funded, now)
    funded.desk.fault(fault, path="/v1/credit_notes$")

    note = issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Tax")
    assert note.state == "confirmed"
    assert Incident.objects.get().state == "open"
    again = issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Impatient")
    assert (again.pk, again.state) == (note.pk, "confirmed")
    assert finish_credit_notes(at=now + timedelta(minutes=10)) == 1

    note.refresh_from_db()
    assert (note.state, note.reason) == ("issued", "Tax")
    assert [row["id"] for row in notes_at_stripe(funded, change)] == [note.stripe_id]
    assert Incident.objects.get().state == "resolved"
    assert finish_credit_notes(at=now + timedelta(minutes=20)) == 0


def test_a_process_killed_before_the_call_leaves_a_row_that_goes_on(funded: Funded, now: datetime) -> None:
    change = taxed_after_the_quote(funded, now)
    funded.desk.fault("reset_before", path="/v1/credit_notes$")
    issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Tax")
    assert notes_at_stripe(funded, change) == []

    # A key that Stripe may have forgotten is never sent again.
    late = now + timedelta(hours=21)
    finish_credit_notes(at=late)

    note = CreditNote.objects.get()
    assert (note.state, note.error) == ("refused", "the key is too old to be sent again")
    assert notes_at_stripe(funded, change) == []
    assert Incident.objects.get().state == "open"


def test_what_stripe_refuses_stays_an_open_incident(funded: Funded, now: datetime) -> None:
    change = taxed_after_the_quote(funded, now)
    funded.desk.client.v1.credit_notes.create(
        {"invoice": change.invoice_stripe_id, "amount": 8800, "refund_amount": 8800}
    )

    note = issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Tax")

    assert note.state == "refused"
    assert "what is left to credit" in note.error
    assert Incident.objects.get().state == "open"


@pytest.fixture
def invoiced(owner: Membership, fund: FundMaker, now: datetime) -> Funded:
    """Ten seats on a paid invoice, net 30, with credit for more."""
    funded = fund(owner, collection_method="send_invoice", days_until_due=30)
    [first] = funded.desk.invoices(funded.stripe_id)
    funded.desk.client.v1.invoices.pay(first["id"], {"paid_out_of_band": True})
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    set_terms(account=funded.account, reason="Net 30", actor=funded.actor, at=now, credit_limit=100_000)
    return funded


def invoice_of(funded: Funded, change: QuantityChange) -> dict[str, Any]:
    return dict(funded.desk.client.v1.invoices.retrieve(change.invoice_stripe_id).to_dict())


def amounts_of(note: CreditNote) -> dict[str, int]:
    return {name: value for name, value in note.params.items() if name.endswith("_amount")}


def test_an_open_invoice_asks_for_less(invoiced: Funded, now: datetime, client_of: Any) -> None:
    change = taxed_after_the_quote(invoiced, now)
    assert (change.state, change.on_credit, change.charged_total) == ("applied", True, 8800)
    assert invoice_of(invoiced, change)["amount_remaining"] == 8800
    assert open_on_credit(invoiced.account) == 8800

    note = issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Tax came late")

    assert (note.state, note.amount, note.asked_less, amounts_of(note)) == ("issued", 800, 800, {})
    assert Incident.objects.get().state == "resolved"
    after = invoice_of(invoiced, change)
    assert (after["status"], after["amount_remaining"]) == ("open", 8000)
    assert open_on_credit(invoiced.account) == 8000
    assert given_back(invoiced) == 0
    page = reverse("seats:purchase", args=[invoiced.account.slug, change.public_id])
    text = " ".join(client_of(invoiced.owner).get(page).content.decode().split())
    assert f"The invoice asks for $8.00 less since credit note {note.number} of" in text
    assert broken_invariants(invoiced.desk) == []


@pytest.mark.parametrize(("how", "goes"), [("card", "refund_amount"), ("transfer", "credit_amount")])
def test_once_paid_it_goes_where_the_money_came_from(invoiced: Funded, now: datetime, how: str, goes: str) -> None:
    """Nothing can be refunded of money that did not come through Stripe."""
    change = taxed_after_the_quote(invoiced, now)
    pay: Any = {"payment_method": "pm_card_visa"} if how == "card" else {"paid_out_of_band": True}
    invoiced.desk.client.v1.invoices.pay(change.invoice_stripe_id, pay)

    note = issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Tax")

    assert (note.state, note.asked_less, amounts_of(note)) == ("issued", 0, {goes: 800})
    assert given_back(invoiced) == 800


def test_one_that_was_refused_is_tried_again_as_the_invoice_is_then(invoiced: Funded, now: datetime) -> None:
    """The customer pays between our read and Stripe's, so the parameters of an open invoice are wrong by then."""
    change = taxed_after_the_quote(invoiced, now)
    invoiced.desk.fault("reset_before", path="/v1/credit_notes$")
    note = issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Tax")
    assert (note.state, amounts_of(note)) == ("confirmed", {})
    invoiced.desk.client.v1.invoices.pay(change.invoice_stripe_id, {"payment_method": "pm_card_visa"})
    finish_credit_notes(at=now + timedelta(minutes=10))
    note.refresh_from_db()
    assert (note.state, Incident.objects.get().state) == ("refused", "open")
    staff = Client()
    staff.force_login(staff_user(), backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("admin:billing_incident_change", args=[Incident.objects.get().pk])
    assert "Issue credit note of $8.00" in staff.get(page).content.decode()

    again = issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="It is paid now")

    assert (again.pk, again.state, again.attempt, amounts_of(again)) == (note.pk, "issued", 2, {"refund_amount": 800})
    assert again.idempotency_key == f"credit:{note.public_id}:2"
    assert [row["id"] for row in notes_at_stripe(invoiced, change)] == [again.stripe_id]
    assert (given_back(invoiced), Incident.objects.get().state) == (800, "resolved")
    once_more = issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="And again")
    assert (once_more.attempt, len(notes_at_stripe(invoiced, change))) == (2, 1)


def test_one_that_was_thought_lost_is_found_instead_of_issued_again(funded: Funded, now: datetime) -> None:
    change = taxed_after_the_quote(funded, now)
    funded.desk.fault("reset_after", path="/v1/credit_notes$")
    note = issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Tax")
    CreditNote.objects.update(state="refused", next_try_at=None)

    issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Look again")

    note.refresh_from_db()
    assert [row["id"] for row in notes_at_stripe(funded, change)] == [note.stripe_id]
    assert (note.state, given_back(funded)) == ("issued", 800)


@pytest.mark.parametrize(
    ("status", "paid", "remaining", "by_card", "expected"),
    [
        ("open", 0, 8800, False, {}),
        ("open", 0, 500, False, {"credit_amount": 300}),
        ("open", 300, 500, True, {"refund_amount": 300}),
        ("uncollectible", 0, 8800, False, {}),
        ("paid", 8800, 0, True, {"refund_amount": 800}),
        ("paid", 799, 0, True, {"credit_amount": 800}),
        ("paid", 8800, 0, False, {"credit_amount": 800}),
    ],
)
def test_where_a_credit_goes(
    invoiced: Funded, now: datetime, status: str, paid: int, remaining: int, by_card: bool, expected: dict[str, int]
) -> None:
    change = taxed_after_the_quote(invoiced, now)
    bill = replace(
        gateway().invoice(change.invoice_stripe_id), status=status, amount_paid=paid, amount_remaining=remaining
    )

    assert credit_amounts(bill, 800, by_card=by_card) == expected


def given_back(funded: Funded) -> int:
    """By refunds and as credit, in minor units."""
    v1 = funded.desk.client.v1
    refunds = v1.refunds.list({"limit": 100}).to_dict()["data"]
    balance = int(v1.customers.retrieve(funded.customer.stripe_id).to_dict()["balance"])
    return sum(int(refund["amount"]) for refund in refunds) - balance


def test_an_undo_after_the_credit_note_would_give_the_same_money_twice(funded: Funded, now: datetime) -> None:
    change = taxed_after_the_quote(funded, now)
    issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Tax")

    with pytest.raises(NotUndoable):
        undo_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)

    assert given_back(funded) == 800
    assert funded.desk.quantity(funded.stripe_id) == 12


def test_a_credit_note_after_the_undo_would_give_the_same_money_twice(
    owner: Membership, fund: FundMaker, now: datetime
) -> None:
    """Paid from credit, so that Stripe itself would see nothing wrong in a note."""
    funded = fund(owner, balance=-9_000)
    change = taxed_after_the_quote(funded, now)
    undo_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)
    assert given_back(funded) == 9_000

    incident = Incident.objects.get(change=change)
    with pytest.raises(NothingToCredit):
        issue_credit_note(incident=incident, actor=STAFF, at=now, reason="Tax")

    assert not CreditNote.objects.exists()
    assert given_back(funded) == 9_000


def test_a_refused_look_after_a_lost_answer_is_no_refusal_and_opens_no_undo(funded: Funded, now: datetime) -> None:
    change = taxed_after_the_quote(funded, now)
    funded.desk.fault("reset_after", path="/v1/credit_notes$")
    issue_credit_note(incident=Incident.objects.get(), actor=STAFF, at=now, reason="Tax came late")
    funded.desk.fault("no_permission", method="GET", path="/v1/credit_notes")

    finish_credit_notes(at=now + timedelta(minutes=5))

    assert CreditNote.objects.get().state == CreditNote.State.CONFIRMED
    with pytest.raises(NotUndoable):
        undo_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)
    finish_credit_notes(at=now + timedelta(hours=1))
    assert CreditNote.objects.get().state == CreditNote.State.ISSUED
    assert len(notes_at_stripe(funded, change)) == 1
