"""Many clicks at once on one subscription: one is charged, the others are told why not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from accounts.access.actor import Actor
from accounts.members.accept_invitation import accept_invitation
from accounts.members.invitations import invite_member, revoke_invitation, token_of
from accounts.models import Role
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


def test_a_purchase_for_an_address_crosses_its_invitations_without_deadlock(funded: Funded, now: datetime) -> None:
    """Purchase: subscription, invitation, pool. Acceptance and withdrawal: invitation, pool. No circle."""
    account, actor = funded.account, funded.actor
    emails = [f"new{i}@acme.example" for i in range(6)]
    invitations = [
        invite_member(account=account, email=e, role=Role.MEMBER, department=None, name="", actor=actor, at=now)[0]
        for e in emails
    ]
    users = [make_user(f"new{i}") for i in range(6)]
    quote = quote_quantity(account=account, actor=actor, add=6, at=now)
    plan_holders(account=account, quote_id=quote.public_id, members=[], emails=emails, actor=actor)

    def buy() -> None:
        buy_quote(account=account, quote_id=quote.public_id, actor=actor, at=now)

    calls: list[Callable[[], Any]] = [
        partial(accept_invitation, token=token_of(i), user=u, at=now, actor=Actor(user=u, door="invitation"))
        for i, u in zip(invitations[:3], users, strict=False)
    ]
    calls += [partial(revoke_invitation, account=account, invitation=i, actor=actor, at=now) for i in invitations[3:]]
    outcome = all_at_once([buy, *calls])

    assert outcome == {"ok": 7}
    assert SeatPool.objects.get(account=account).purchased == 16
    assert broken_invariants(funded.desk) == []
