"""Credit that left for a refund leaves once, and is owed until it is given again, whatever Stripe refuses (ADR 22)."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from billing.changes.follow_refund import follow_refund, leave_as_credit, may_try_again, retry_refund
from billing.changes.give_back import give_back, give_back_what_is_due
from billing.errors import NotOpen
from billing.models import Refund
from billing.reconcile.reconcile import reconcile_account
from tests.billing.changes.test_checkout import staff
from tests.billing.changes.test_follow_refund import adjustments, send_back
from tests.billing.changes.test_give_back import balance, buy_and_undo, refunds
from tests.conftest import Funded

__all__ = ["staff"]

pytestmark = pytest.mark.django_db(transaction=True)
State = Refund.State
STAFF = Actor.system("admin")


def test_tried_again_after_a_lost_answer_and_a_refused_read_it_leaves_once(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now, ("reset_after", "balance_transactions"))
    assert refund.state == State.DUE
    funded.desk.fault("no_permission", method="GET", path="balance_transactions")
    give_back_what_is_due(at=now + timedelta(minutes=5))
    refund.refresh_from_db()
    assert (refund.state, adjustments(funded)) == (State.REFUSED, [8000])

    retry_refund(refund=refund, actor=STAFF, at=now + timedelta(minutes=6), reason="The key may read again")

    refund.refresh_from_db()
    assert (refund.state, adjustments(funded), balance(funded)) == (State.DONE, [8000], 0)
    assert [row["amount"] for row in refunds(funded)] == [8000]


def test_what_stripe_refuses_to_make_credit_again_is_not_left_as_credit(
    funded: Funded, now: datetime, staff: Client
) -> None:
    refund = buy_and_undo(funded, now)
    send_back(funded, refund)
    assert follow_refund(stripe_id=refund.refund_stripe_id, at=now)
    funded.desk.fault("no_permission", path="balance_transactions")
    give_back(refund_id=refund.pk, at=now)
    refund.refresh_from_db()
    assert (refund.state, refund.next_try_at, adjustments(funded)) == (State.RETURNED, None, [8000])

    with pytest.raises(NotOpen):
        leave_as_credit(refund=refund, actor=STAFF, at=now, reason="It is credit, is it not?")
    assert not may_try_again(refund)
    url = reverse("admin:billing_refund_act", args=[refund.pk, "credit"])
    page = staff.post(url, {"reason": "The key may write again"}, follow=True)

    refund.refresh_from_db()
    assert "It is credit of the customer again." in page.content.decode()
    assert (refund.state, refund.error, adjustments(funded)) == (State.RETURNED, "", [8000, -8000])
    assert may_try_again(refund)


def test_the_night_hears_of_a_cards_part_whose_credit_was_refused(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now, ("no_permission", "balance_transactions"))
    assert (refund.state, refund.refund_stripe_id != "") == (State.REFUSED, True)
    send_back(funded, refund)

    reconcile_account(account=funded.account, at=now + timedelta(hours=8))
    give_back(refund_id=refund.pk, at=now + timedelta(hours=8))

    refund.refresh_from_db()
    assert (refund.state, refund.next_try_at, adjustments(funded), balance(funded)) == (State.RETURNED, None, [], -8000)
