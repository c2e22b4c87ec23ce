"""Purchases that wait for approval: step by step, at the price on the page, one order and one charge."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Notice, Role, WebhookEndpoint, WebhookEvent
from billing.changes.buy_quote import Approval, accept_quote
from billing.changes.finish_open_changes import finish_open_changes
from billing.errors import QuoteUnknown
from billing.models import ApprovalStep, QuantityChange, Quote
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.approvers import Step
from billing.terms.set_buying_policy import set_buying_policy, set_chain
from seats.errors import NotAnApprover, ReasonMissing, RemindedToday, RequestGone
from seats.models import Assignment, LedgerEntry, RequestStep, SeatRequest
from seats.requests.decide_purchase import approve_purchase, price_request, refuse_purchase
from seats.requests.decide_request import decide_request
from seats.requests.remind import remind
from seats.requests.request_purchase import request_purchase
from seats.requests.steps import approvers_of, open_steps, turn_of
from seats.requests.withdraw_request import withdraw_request
from tests.conftest import Funded, join
from tests.invariants import broken_invariants
from tests.races.test_last_seat import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
BILLING, ADMIN = ApprovalStep.Role.BILLING, ApprovalStep.Role.ADMIN


def chain(funded: Funded, now: datetime, *steps: tuple[str, int]) -> None:
    """Set roles and amounts."""
    rows = [Step(n, role, frozenset(), amount) for n, (role, amount) in enumerate(steps, start=1)]
    set_chain(account=funded.account, steps=rows, actor=funded.actor, at=now)


def ask(funded: Funded, asker: Membership, now: datetime, add: int = 2, **more: object) -> SeatRequest:
    """Send a price for approval."""
    actor = Actor(user=asker.user)
    quote = quote_quantity(account=funded.account, actor=actor, add=add, at=now)
    return request_purchase(
        account=funded.account,
        membership=asker,
        quote_id=quote.public_id,
        reason="Two hires",
        actor=actor,
        at=now,
        **more,  # type: ignore[arg-type]
    )


def approve(asked: SeatRequest, by: Membership, now: datetime, *, quote: Quote | None = None) -> SeatRequest:
    """Look at today's price and agree."""
    actor = Actor(user=by.user)
    price = quote or price_request(account=asked.account, request=asked, actor=actor, at=now)
    return approve_purchase(
        account=asked.account, request=asked, quote_id=price.public_id, answer="", actor=actor, at=now
    )


def paid(funded: Funded) -> list[int]:
    """What Stripe took for purchases."""
    rows = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update", status="paid")
    return [row["amount_paid"] for row in rows]


def told(kind: str) -> list[str]:
    """First names of those who got a mail."""
    return sorted(notice.user.name for notice in Notice.objects.filter(kind=kind).select_related("user"))


@pytest.mark.parametrize(
    ("steps", "total", "expected"),
    [
        ([(0, None), (5000, None)], 4999, [1]),
        ([(0, None), (5000, None)], 5000, [1, 2]),
        ([(0, 5000), (5000, None)], 5000, [2]),
        ([(0, 4999), (5000, 5000)], 5000, [1]),
        ([(0, 5000), (5000, 5000)], 5000, []),
        ([(0, 0)], -300, []),
        ([(0, None)], -300, [1]),
    ],
)
def test_which_steps_are_open(steps: list[tuple[int, int | None]], total: int, expected: list[int]) -> None:
    rows = [
        RequestStep(position=n, role=ADMIN, from_amount=amount, approved=approved)
        for n, (amount, approved) in enumerate(steps, start=1)
    ]
    assert [step.position for step in open_steps(rows, total=total)] == expected


def test_a_price_is_sent_with_what_it_cost(funded: Funded, bea: Membership, member: Membership, now: datetime) -> None:
    WebhookEndpoint.objects.create(account=funded.account, url="https://hr.example/hook", nonce="n" * 16)
    asked = ask(funded, bea, now, members=[member], emails=["lena@example.com"], po_number="PO 7")
    assert (asked.kind, asked.state, asked.quantity, asked.po_number) == ("purchase", "open", 2, "PO 7")
    assert (asked.asked_total, asked.asked_due, asked.asked_monthly, asked.currency) == (8000, 8000, 8000, "usd")
    assert [(s.position, s.role, s.from_amount) for s in asked.steps.all()] == [(1, ADMIN, 0)]
    assert told("purchase_request") == ["Olivia"]
    assert AuditEntry.objects.get(action="purchase_request.made").data["total"] == 8000
    event = WebhookEvent.objects.get(type="request.made")
    assert (event.data["kind"], event.data["quantity"], event.data["member"]["name"]) == ("purchase", 2, "Bea")
    assert not QuantityChange.objects.exists()
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_the_same_price_is_asked_for_once(funded: Funded, bea: Membership, now: datetime) -> None:
    asked = ask(funded, bea, now)
    again = request_purchase(
        account=funded.account,
        membership=bea,
        quote_id=asked.quote_id,
        reason="Again",
        actor=Actor(user=bea.user),
        at=now,
    )
    assert (again.pk, again.reason) == (asked.pk, "Two hires")
    assert SeatRequest.objects.count() == 1
    assert RequestStep.objects.count() == 1


def test_a_reason_and_an_unused_price_are_needed(
    funded: Funded, bea: Membership, outsider: Membership, now: datetime
) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    given = {"membership": bea, "quote_id": quote.public_id, "actor": Actor(user=bea.user), "at": now}
    with pytest.raises(ReasonMissing):
        request_purchase(account=funded.account, reason=" ", **given)
    with pytest.raises(QuoteUnknown):
        request_purchase(account=outsider.account, reason="Mine", **given)
    accept_quote(quote=quote, actor=funded.actor, at=now)
    with pytest.raises(QuoteUnknown):
        request_purchase(account=funded.account, reason="Late", **given)
    assert not SeatRequest.objects.exists()


def test_the_last_approval_buys_at_the_price_on_the_page(
    funded: Funded, bea: Membership, member: Membership, now: datetime
) -> None:
    set_buying_policy(
        account=funded.account, seats=0, amount=None, currency="", joiners="wait", reason="", actor=funded.actor, at=now
    )
    asked = ask(funded, bea, now, members=[member])
    quote = price_request(account=funded.account, request=asked, actor=funded.actor, at=now)

    done = approve(asked, funded.owner, now, quote=quote)

    change = QuantityChange.objects.get()
    assert (done.state, done.change, done.decided_by) == ("approved", change, funded.owner.user)
    assert (change.state, change.quote, change.approval_id) == ("applied", quote, asked.public_id)
    assert (change.charged_total, change.reason, change.user) == (8000, "Two hires", funded.owner.user)
    assert paid(funded) == [8000]
    assert Assignment.objects.get(ended_at=None).membership == member
    assert LedgerEntry.objects.get(kind="bought").reason == "Two hires"
    assert told("purchase_decided") == ["Bea"]
    assert broken_invariants(funded.desk) == []


def test_nobody_approves_their_own_request(funded: Funded, bea: Membership, member: Membership, now: datetime) -> None:
    asked = ask(funded, funded.owner, now)
    assert [step.request_id for step in asked.steps.all()] == [asked.pk]
    turn = turn_of(asked)
    assert turn is not None
    assert approvers_of(asked, turn) == []
    for who in (funded.owner, bea, member):
        with pytest.raises(NotAnApprover):
            approve(asked, who, now)
        with pytest.raises(NotAnApprover):
            refuse_purchase(account=funded.account, request=asked, answer="", actor=Actor(user=who.user), at=now)
    with pytest.raises(NotAnApprover):
        decide_request(account=funded.account, request=asked, approve=True, answer="", actor=funded.actor, at=now)
    asked.refresh_from_db()
    assert asked.state == "open"
    assert not QuantityChange.objects.exists()

    adam = join(funded.account, "Adam", Role.ADMIN, now)
    assert approve(asked, adam, now).state == "approved"


def test_steps_come_in_order_and_from_an_amount_on(funded: Funded, bea: Membership, now: datetime) -> None:
    chain(funded, now, (ADMIN, 0), (BILLING, 8000))
    tom = join(funded.account, "Tom", Role.TEAM_MANAGER, now)
    small, large = ask(funded, tom, now, add=1), ask(funded, tom, now, add=2)
    with pytest.raises(NotAnApprover):
        approve(large, bea, now)  # Not her turn yet.
    assert approve(large, funded.owner, now).state == "open"
    assert not QuantityChange.objects.exists()
    assert told("purchase_request") == ["Bea", "Olivia", "Olivia"]
    with pytest.raises(NotAnApprover):
        approve(large, funded.owner, now)
    assert approve(large, bea, now).state == "approved"
    assert approve(small, funded.owner, now).state == "approved"  # 40.00 is below finance's 80.00.
    assert paid(funded) == [4000, 8000] or paid(funded) == [8000, 4000]
    assert funded.desk.quantity(funded.stripe_id) == 13


def test_a_declined_card_opens_the_request_again(funded: Funded, bea: Membership, now: datetime) -> None:
    asked = ask(funded, bea, now)
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")

    done = approve(asked, funded.owner, now)

    if done.state == "buying":  # Stripe holds it for another card; the asker stops it.
        from billing.changes.pending import cancel_change

        assert done.change is not None
        cancel_change(account=funded.account, change_id=done.change.public_id, actor=funded.actor, at=now)
        done.refresh_from_db()
    assert (done.state, done.decided_by) == ("open", None)
    assert done.problem
    assert RequestStep.objects.get().approved is None
    assert told("purchase_decided") == ["Bea"]
    assert paid(funded) == []
    funded.desk.card(funded.customer.stripe_id)
    later = now + timedelta(minutes=1)
    assert approve(asked, funded.owner, later).state == "approved"
    assert paid(funded) == [8000]
    assert QuantityChange.objects.count() == 2


def test_a_process_that_dies_after_the_click_is_finished_by_the_sweep(
    funded: Funded, bea: Membership, now: datetime
) -> None:
    asked = ask(funded, bea, now)
    funded.desk.fault("reset_before", path="/v1/subscriptions/sub_")
    assert approve(asked, funded.owner, now).state == "buying"
    with pytest.raises(RequestGone):
        refuse_purchase(account=funded.account, request=asked, answer="", actor=funded.actor, at=now)
    finish_open_changes(at=now + timedelta(minutes=2))
    asked.refresh_from_db()
    assert asked.state == "approved"
    assert paid(funded) == [8000]


def test_a_refusal_ends_it_and_is_told(funded: Funded, bea: Membership, now: datetime) -> None:
    asked = ask(funded, bea, now)
    refuse_purchase(account=funded.account, request=asked, answer="Next year", actor=funded.actor, at=now)
    asked.refresh_from_db()
    assert (asked.state, asked.answer, asked.decided_by) == ("refused", "Next year", funded.owner.user)
    assert told("purchase_decided") == ["Bea"]
    with pytest.raises(RequestGone):
        approve(asked, funded.owner, now)
    assert not QuantityChange.objects.exists()


def test_who_asked_reminds_once_a_day_and_takes_back(funded: Funded, bea: Membership, now: datetime) -> None:
    asked, actor = ask(funded, bea, now), Actor(user=bea.user)
    with pytest.raises(RemindedToday):
        remind(account=funded.account, request=asked, actor=actor, at=now)
    SeatRequest.objects.update(created_at=now - timedelta(days=2))
    remind(account=funded.account, request=asked, actor=actor, at=now)
    assert told("purchase_request") == ["Olivia", "Olivia"]
    withdraw_request(account=funded.account, request=asked, actor=actor, at=now)
    with pytest.raises(RequestGone):
        approve(asked, funded.owner, now)
    assert not QuantityChange.objects.exists()


@pytest.mark.race
def test_approvers_at_once_make_one_order(funded: Funded, bea: Membership, now: datetime) -> None:
    admins = [funded.owner, *(join(funded.account, f"Admin{n}", Role.ADMIN, now) for n in range(5))]
    asked = ask(funded, bea, now)
    quotes = [
        price_request(account=funded.account, request=asked, actor=Actor(user=one.user), at=now) for one in admins
    ]

    outcome = all_at_once(
        [partial(approve, asked, one, now, quote=quote) for one, quote in zip(admins, quotes, strict=True)]
    )

    assert outcome["ok"] == 1
    assert outcome["ok"] + outcome["request_gone"] == 6
    finish_open_changes(at=now + timedelta(minutes=2))
    assert QuantityChange.objects.get().state == "applied"
    assert paid(funded) == [8000]
    asked.refresh_from_db()
    assert asked.state == "approved"
    assert broken_invariants(funded.desk) == []


@pytest.mark.race
def test_many_clicks_of_one_approver_make_one_order(funded: Funded, bea: Membership, now: datetime) -> None:
    asked = ask(funded, bea, now)
    quote = price_request(account=funded.account, request=asked, actor=funded.actor, at=now)
    assert all_at_once([partial(approve, asked, funded.owner, now, quote=quote) for _ in range(8)]) == {"ok": 8}
    finish_open_changes(at=now + timedelta(minutes=2))
    assert QuantityChange.objects.count() == 1
    assert paid(funded) == [8000]


def test_an_approver_who_left_is_replaced_by_the_role(
    funded: Funded, bea: Membership, member: Membership, now: datetime
) -> None:
    set_chain(
        account=funded.account,
        steps=[Step(1, BILLING, frozenset([member.pk]), 0)],
        actor=funded.actor,
        at=now,
    )
    tom = join(funded.account, "Tom", Role.TEAM_MANAGER, now)
    asked = ask(funded, tom, now)
    with pytest.raises(NotAnApprover):
        approve(asked, bea, now)
    Membership.objects.filter(pk=member.pk).update(left_at=now)
    assert approve(asked, bea, now).state == "approved"
    assert Approval(asked.public_id, 8000).most == paid(funded)[0]


def test_one_word_of_somebody_behind_two_steps_counts_for_both(funded: Funded, bea: Membership, now: datetime) -> None:
    chain(funded, now, ("admin", 0), ("owner", 0))
    asked = ask(funded, bea, now)
    price = price_request(account=asked.account, request=asked, actor=funded.actor, at=now)

    for _ in range(2):
        done = approve(asked, funded.owner, now, quote=price)
        assert done.state == SeatRequest.State.APPROVED

    assert paid(funded) == [8000]
    assert [(step.decided_by, step.approved) for step in asked.steps.order_by("position")] == [
        (funded.owner.user, 8000),
        (funded.owner.user, 8000),
    ]
    assert AuditEntry.objects.filter(action="purchase_request.approved").count() == 2


def test_a_step_of_others_in_between_is_still_asked(funded: Funded, bea: Membership, now: datetime) -> None:
    finance = join(funded.account, "Finn", Role.BILLING, now)
    chain(funded, now, ("owner", 0), ("billing", 0), ("owner", 0))
    asked = ask(funded, bea, now)

    assert approve(asked, funded.owner, now).state == SeatRequest.State.OPEN
    assert paid(funded) == []
    assert approve(asked, finance, now).state == SeatRequest.State.OPEN
    assert approve(asked, funded.owner, now).state == SeatRequest.State.APPROVED
    assert paid(funded) == [8000]
