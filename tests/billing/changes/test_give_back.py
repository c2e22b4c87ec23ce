"""What a card paid for an undone purchase goes back to it once, whatever is lost on the way."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Membership
from billing.changes.buy_quote import buy_quote
from billing.changes.give_back import give_back, give_back_what_is_due
from billing.changes.rules import KEY_LIFE
from billing.changes.undo_change import undo_change
from billing.models import QuantityChange, Refund
from billing.quotes.quote_quantity import quote_quantity
from tests.conftest import Funded, FundMaker
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)
State = Refund.State


def buy_and_undo(funded: Funded, now: datetime, fault: tuple[str, str] | None = None) -> Refund:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    purchase = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    if fault:
        funded.desk.fault(fault[0], path=fault[1])
    undo = undo_change(account=funded.account, change_id=purchase.public_id, actor=funded.actor, at=now)
    assert undo.state == QuantityChange.State.APPLIED
    return Refund.objects.get(change=undo)


def refunds(funded: Funded) -> list[dict[str, Any]]:
    return list(funded.desk.client.v1.refunds.list({"limit": 100}).to_dict()["data"])


def balance(funded: Funded) -> int:
    return int(funded.desk.client.v1.customers.retrieve(funded.customer.stripe_id).to_dict()["balance"])


def carry_on(now: datetime) -> None:
    for minutes in (1, 3, 8, 20, 60, 120):
        give_back_what_is_due(at=now + timedelta(minutes=minutes))


def test_the_card_gets_all_of_it_and_no_credit_is_left(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now)

    assert (refund.state, refund.amount, refund.balance_amount, refund.done_at) == (State.DONE, 8000, 8000, now)
    (found,) = refunds(funded)
    assert (found["id"], found["amount"], found["status"]) == (refund.refund_stripe_id, 8000, "succeeded")
    assert found["metadata"] == {"seat_portal_refund": refund.public_id}
    assert balance(funded) == 0
    assert broken_invariants(funded.desk) == []


@pytest.mark.parametrize(("credit", "card"), [(3000, 5000), (8000, 0), (9000, 0)])
def test_what_was_paid_from_credit_is_credit_again(
    owner: Membership, fund: FundMaker, now: datetime, credit: int, card: int
) -> None:
    funded = fund(owner, balance=-credit)

    refund = buy_and_undo(funded, now)

    assert (refund.state, refund.amount) == (State.DONE, card)
    assert [row["amount"] for row in refunds(funded)] == ([card] if card else [])
    assert balance(funded) == -credit


def test_a_credit_that_came_with_the_purchase_is_taken_back(owner: Membership, fund: FundMaker, now: datetime) -> None:
    """By volume, eleven seats cost less than ten."""
    funded = fund(owner, scheme="volume", quantity=9)

    refund = buy_and_undo(funded, now)

    assert (refund.state, refund.amount) == (State.DONE, 0)
    assert refunds(funded) == []
    assert balance(funded) == 0


@pytest.mark.parametrize("path", ["/v1/refunds", "/balance_transactions"])
@pytest.mark.parametrize(
    "kind", ["reset_before", "reset_after", "error500_with_effect", "error500_no_effect", "rate_limit"]
)
def test_a_lost_answer_neither_repeats_nor_forgets(funded: Funded, now: datetime, path: str, kind: str) -> None:
    refund = buy_and_undo(funded, now, (kind, path))
    assert refund.state == State.DUE

    carry_on(now)

    refund.refresh_from_db()
    found = refunds(funded)
    if kind == "error500_no_effect":
        # Stripe remembers the answer of the key, so a person has to look; nothing is sent twice.
        assert refund.state == State.DUE
        assert len(found) == (0 if path == "/v1/refunds" else 1)
        return
    assert refund.state == State.DONE
    assert [row["amount"] for row in found] == [8000]
    assert balance(funded) == 0


def test_a_crash_between_the_two_calls_is_carried_on(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now, ("reset_before", "/balance_transactions"))
    assert (balance(funded), len(refunds(funded))) == (-8000, 1)

    carry_on(now)

    refund.refresh_from_db()
    assert (refund.state, balance(funded), len(refunds(funded))) == (State.DONE, 0, 1)


def test_a_refund_that_stripe_refuses_stays_credit(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now, ("reset_before", "/v1/refunds"))
    funded.desk.client.v1.refunds.create({"payment_intent": refund.payment_stripe_id})  # Staff were faster.

    carry_on(now)

    refund.refresh_from_db()
    assert refund.state == State.REFUSED
    assert refund.error
    assert [row["amount"] for row in refunds(funded)] == [8000]
    assert balance(funded) == -8000


def test_an_old_key_is_never_sent_again(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now, ("reset_before", "/v1/refunds"))

    give_back_what_is_due(at=now + KEY_LIFE)

    refund.refresh_from_db()
    assert (refund.state, refund.error) == (State.REFUSED, "the key is too old to be sent again")
    assert refunds(funded) == []


def test_done_stays_done(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now)

    give_back(refund_id=refund.pk, at=now + timedelta(hours=1))
    carry_on(now)

    assert len(refunds(funded)) == 1
