"""F37 to its end: what was charged too much goes back once, whatever dies in between."""

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
from billing.models import CreditNote, Incident, QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from billing.reconcile.issue_credit_note import finish_credit_notes, issue_credit_note
from tests.conftest import Funded, FundMaker
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
