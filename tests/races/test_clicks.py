"""Many clicks at once on one subscription: one is charged, the others are told why not."""

import threading
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from accounts.access.actor import Actor
from accounts.members import accept_invitation as accepting
from accounts.members.add_member import add_member
from accounts.members.invitations import invite_member, token_of
from accounts.models import Membership, Role
from billing.changes.buy_quote import buy_quote
from billing.changes.finish_open_changes import finish_open_changes
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.holders.planned import plan_holders
from seats.models import SeatPool
from tests.conftest import Funded, make_user
from tests.invariants import broken_invariants
from tests.races.test_last_seat import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
State = QuantityChange.State


def test_eight_admins_buy_one_seat_each_at_the_same_moment(funded: Funded, now: datetime) -> None:
    """Fault F23 and invariant 11."""
    quotes = [quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now) for _ in range(8)]

    outcome = all_at_once(
        [partial(buy_quote, account=funded.account, quote_id=q.public_id, actor=funded.actor, at=now) for q in quotes]
    )

    assert outcome["ok"] == 1
    assert outcome["ok"] + outcome["change_in_progress"] + outcome["quote_changed"] == 8
    finish_open_changes(at=now + timedelta(minutes=2))
    assert [c.state for c in QuantityChange.objects.all()] == [State.APPLIED]
    assert funded.desk.quantity(funded.stripe_id) == 11
    assert SeatPool.objects.get(account=funded.account).purchased == 11
    assert broken_invariants(funded.desk) == []


def test_twenty_four_clicks_on_one_price_are_one_purchase(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    outcome = all_at_once(
        [
            lambda: buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
            for _ in range(24)
        ]
    )

    assert outcome == {"ok": 24}
    for minutes in (2, 4):
        finish_open_changes(at=now + timedelta(minutes=minutes))
    change = QuantityChange.objects.get()
    assert change.state == State.APPLIED
    sent = [
        r
        for r in funded.desk.simulator.get("/_control/requests")["requests"]
        if (r["idempotency_key"] or "").startswith("seatchg:")
    ]
    assert {r["idempotency_key"] for r in sent} == {change.idempotency_key}
    assert len(funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")) == 1
    assert broken_invariants(funded.desk) == []


def test_many_sweeps_at_once_send_nothing_twice(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    funded.desk.fault("reset_before", path="/v1/subscriptions/sub_")
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    outcome = all_at_once([lambda: finish_open_changes(at=now + timedelta(minutes=1)) for _ in range(6)])

    assert outcome == {"ok": 6}
    change = QuantityChange.objects.get()
    assert (change.state, change.calls) == (State.APPLIED, 2)
    assert broken_invariants(funded.desk) == []
    connection.close()


def test_a_purchase_for_an_address_meets_its_acceptance_without_deadlock(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acceptance holds the invitation and then wants the pool; the purchase must not hold the pool and want that."""
    account, actor, user = funded.account, funded.actor, make_user("new")
    invitation, _ = invite_member(
        account=account, email=user.email, role=Role.MEMBER, department=None, name="", actor=actor, at=now
    )
    quote = quote_quantity(account=account, actor=actor, add=1, at=now)
    plan_holders(account=account, quote_id=quote.public_id, members=[], emails=[user.email], actor=actor)
    held = threading.Event()

    def slow_join(**values: Any) -> Membership:
        """The invitation is locked by now; the purchase gets the time to come as far as it can."""
        held.set()
        time.sleep(2)
        return add_member(**values)

    monkeypatch.setattr(accepting, "add_member", slow_join)

    def buy() -> None:
        held.wait(10)
        buy_quote(account=account, quote_id=quote.public_id, actor=actor, at=now)

    outcome = all_at_once(
        [
            buy,
            lambda: accepting.accept_invitation(
                token=token_of(invitation), user=user, at=now, actor=Actor(user=user, door="invitation")
            ),
        ]
    )

    assert outcome == {"ok": 2}
    assert SeatPool.objects.get(account=account).purchased == 11
    assert QuantityChange.objects.get().state == State.APPLIED
    assert broken_invariants(funded.desk) == []
