"""What may be bought in a month without approval: counted, held at every door, and not usable twice."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Role
from billing.changes.buy_quote import Approval, accept_quote, buy_quote
from billing.changes.finish_open_changes import finish_open_changes
from billing.changes.undo_change import undo_change
from billing.errors import ApprovalOutrun, ApprovalRequired, BuyingPolicyWrong
from billing.models import ApprovalStep, BuyingPolicy, QuantityChange, Quote
from billing.quotes.approval import needs_approval
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.allowance import Allowance, allowance_of, month_of
from billing.terms.approvers import USUAL, Step, chain_of, needed, people_behind
from billing.terms.set_buying_policy import set_buying_policy, set_chain
from tests.conftest import Funded, join
from tests.factories.accounts import DepartmentFactory
from tests.invariants import broken_invariants
from tests.races.test_last_seat import all_at_once

T = datetime(2026, 11, 26, 12, tzinfo=UTC)
ADMIN = ApprovalStep.Role.ADMIN
WAIT = BuyingPolicy.Joiners.WAIT
real = pytest.mark.django_db(transaction=True)


def allow(funded: Funded, now: datetime, *, seats: int | None = None, amount: int | None = None) -> None:
    """Set the month's allowance."""
    set_buying_policy(
        account=funded.account,
        seats=seats,
        amount=amount,
        currency="usd",
        joiners=WAIT,
        reason="Budget",
        actor=funded.actor,
        at=now,
    )


def price(funded: Funded, add: int, now: datetime) -> Quote:
    """What more seats cost."""
    return quote_quantity(account=funded.account, actor=funded.actor, add=add, at=now)


def buy(funded: Funded, add: int, now: datetime) -> QuantityChange:
    """Buy as a page does."""
    quote = price(funded, add, now)
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)


def rest(
    *, seats: int | None = None, amount: int | None = None, used_seats: int = 0, used_amount: int = 0
) -> Allowance:
    """An allowance in dollars."""
    return Allowance(seats, amount, "usd", used_seats, used_amount, T)


@pytest.mark.parametrize(
    ("left", "added", "total", "currency", "covered"),
    [
        (rest(seats=3), 3, 10**9, "usd", True),
        (rest(seats=3), 4, 0, "usd", False),
        (rest(seats=3, used_seats=2), 2, 0, "usd", False),
        (rest(seats=3, used_seats=9), 1, 0, "usd", False),
        (rest(seats=0), 0, -500, "usd", True),
        (rest(amount=4000), 9, 4000, "usd", True),
        (rest(amount=4000), 1, 4001, "usd", False),
        (rest(amount=4000, used_amount=1), 1, 4000, "usd", False),
        (rest(amount=4000), 1, 1, "eur", False),
        (rest(amount=0), 0, 0, "eur", True),
        (rest(seats=3, amount=4000), 4, 10, "usd", False),
        (rest(seats=3, amount=4000), 3, 4001, "usd", False),
    ],
)
def test_what_an_allowance_covers(left: Allowance, added: int, total: int, currency: str, covered: bool) -> None:
    assert left.covers(added=added, total=total, currency=currency) is covered


@pytest.mark.parametrize(
    ("at", "zone", "first", "after"),
    [
        (T, "UTC", "2026-11-01T00:00:00+00:00", "2026-12-01T00:00:00+00:00"),
        (
            datetime(2026, 12, 1, 4, tzinfo=UTC),
            "America/New_York",
            "2026-11-01T00:00:00-04:00",
            "2026-12-01T00:00:00-05:00",
        ),
        (
            datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
            "Europe/Berlin",
            "2027-01-01T00:00:00+01:00",
            "2027-02-01T00:00:00+01:00",
        ),
    ],
)
def test_a_month_is_the_accounts_own(at: datetime, zone: str, first: str, after: str) -> None:
    assert [moment.isoformat() for moment in month_of(at, zone)] == [first, after]


@real
def test_without_a_policy_nothing_needs_an_approval(funded: Funded, now: datetime) -> None:
    assert allowance_of(funded.account, now) is None
    assert buy(funded, 20, now).state == "applied"
    BuyingPolicy.objects.create(account=funded.account)
    assert allowance_of(funded.account, now) is None


@real
def test_within_the_seats_at_once_and_above_them_not(funded: Funded, now: datetime) -> None:
    allow(funded, now, seats=3)
    assert buy(funded, 2, now).state == "applied"

    with pytest.raises(ApprovalRequired) as caught:
        buy(funded, 2, now)

    left = allowance_of(funded.account, now)
    assert left is not None
    assert caught.value.data == {
        "seats_left": 1,
        "amount_left": None,
        "currency": None,
        "resets_at": left.until.isoformat(),
        "approvers": [],
        "ask_at": "/api/v1/requests",
    }
    assert QuantityChange.objects.count() == 1
    assert funded.desk.quantity(funded.stripe_id) == 12
    assert buy(funded, 1, now).state == "applied"
    assert broken_invariants(funded.desk) == []


@real
def test_money_counts_at_what_was_quoted(funded: Funded, now: datetime) -> None:
    quote = price(funded, 2, now)
    allow(funded, now, amount=quote.total - 1)
    assert needs_approval(quote, now)
    with pytest.raises(ApprovalRequired) as caught:
        buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert (caught.value.data["amount_left"], caught.value.data["currency"]) == (quote.total - 1, "usd")
    assert not QuantityChange.objects.exists()
    allow(funded, now, amount=quote.total)
    assert not needs_approval(quote, now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    left = allowance_of(funded.account, now)
    assert left is not None
    assert (change.state, left.used_seats, left.amount_left) == ("applied", 2, 0)


@real
def test_what_was_undone_declined_or_approved_is_not_used(funded: Funded, now: datetime) -> None:
    allow(funded, now, seats=2)
    undone = buy(funded, 2, now)
    undo_change(account=funded.account, change_id=undone.public_id, actor=funded.actor, at=now)
    quote = price(funded, 5, now)
    approved = accept_quote(
        quote=quote, actor=funded.actor, at=now, approval=Approval(request_id="req_1", most=quote.total)
    )
    assert approved.approval_id == "req_1"
    finish_open_changes(at=now + timedelta(minutes=1))
    left = allowance_of(funded.account, now)
    assert left is not None
    assert (left.used_seats, left.seats_left) == (0, 2)
    assert funded.desk.quantity(funded.stripe_id) == 15


@real
def test_never_more_than_was_approved(funded: Funded, now: datetime) -> None:
    quote = price(funded, 2, now)
    with pytest.raises(ApprovalOutrun):
        accept_quote(quote=quote, actor=funded.actor, at=now, approval=Approval("req_1", most=quote.total - 1))
    assert not QuantityChange.objects.exists()
    quote.refresh_from_db()
    assert quote.consumed_at is None


@real
@pytest.mark.race
def test_two_buyers_do_not_use_the_same_rest(funded: Funded, now: datetime) -> None:
    allow(funded, now, seats=3)
    quotes = [price(funded, 2, now) for _ in range(8)]

    outcome = all_at_once(
        [partial(buy_quote, account=funded.account, quote_id=q.public_id, actor=funded.actor, at=now) for q in quotes]
    )

    assert outcome["ok"] == 1
    finish_open_changes(at=now + timedelta(minutes=2))
    late = all_at_once([partial(buy, funded, 2, now + timedelta(minutes=3)) for _ in range(4)])
    assert late == {"approval_required": 4}
    assert QuantityChange.objects.count() == 1
    assert funded.desk.quantity(funded.stripe_id) == 12


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seats", "amount", "currency", "joiners", "field"),
    [
        (-1, None, "usd", WAIT, "seats"),
        (None, -1, "usd", WAIT, "amount"),
        (None, 100, "", WAIT, "amount"),
        (None, None, "usd", BuyingPolicy.Joiners.BUY, "joiners"),
        (1, None, "usd", "perhaps", "joiners"),
    ],
)
def test_rules_that_cannot_be_kept(
    owner: Membership, now: datetime, seats: int | None, amount: int | None, currency: str, joiners: str, field: str
) -> None:
    with pytest.raises(BuyingPolicyWrong) as caught:
        set_buying_policy(
            account=owner.account,
            seats=seats,
            amount=amount,
            currency=currency,
            joiners=joiners,
            reason="",
            actor=_actor(owner),
            at=now,
        )
    assert caught.value.field == field
    assert not BuyingPolicy.objects.exists()
    assert not AuditEntry.objects.filter(action="buying_policy.changed").exists()


@pytest.mark.django_db
def test_a_chain_is_replaced_whole(
    owner: Membership, admin_member: Membership, outsider: Membership, now: datetime
) -> None:
    account = owner.account
    named = Step(1, ADMIN, frozenset([admin_member.pk]), 0)
    finance = Step(2, ApprovalStep.Role.BILLING, frozenset(), 5000)
    assert set_chain(account=account, steps=[named, finance], actor=_actor(owner), at=now) == [named, finance]
    assert chain_of(account) == [named, finance]
    assert needed(chain_of(account), amount=4999) == [named]
    assert needed(chain_of(account), amount=5000) == [named, finance]
    assert needed([], amount=10) == [USUAL]
    with pytest.raises(BuyingPolicyWrong):
        set_chain(account=account, steps=[finance], actor=_actor(owner), at=now)
    with pytest.raises(BuyingPolicyWrong):
        set_chain(account=account, steps=[Step(1, ADMIN, frozenset([outsider.pk]), 0)], actor=_actor(owner), at=now)
    assert chain_of(account) == [named, finance]
    assert AuditEntry.objects.filter(action="approval_chain.changed").count() == 1


@pytest.mark.django_db
def test_who_is_behind_a_step(owner: Membership, admin_member: Membership, member: Membership, now: datetime) -> None:
    account = owner.account
    sales, support = (DepartmentFactory.create(account=account, name=name) for name in ("Sales", "Support"))
    tina, theo = join(account, "Tina", Role.TEAM_MANAGER, now), join(account, "Theo", Role.TEAM_MANAGER, now)
    for one, department in ((tina, sales), (theo, support)):
        one.department = department
        one.save()
    manager = ApprovalStep.Role.TEAM_MANAGER

    assert people_behind(account=account, role=ADMIN) == [owner, admin_member]
    assert people_behind(account=account, role=ADMIN, without=admin_member.user_id) == [owner]
    assert people_behind(account=account, role=ApprovalStep.Role.BILLING) == [owner, admin_member]
    assert people_behind(account=account, role=manager, department_id=sales.pk) == [tina]
    assert people_behind(account=account, role=manager, department_id=sales.pk, without=tina.user_id) == [theo]
    assert people_behind(account=account, role=manager) == [tina, theo]
    assert people_behind(account=account, role=manager, people=[member.pk]) == [member]
    member.left_at = now
    member.save()
    assert people_behind(account=account, role=manager, people=[member.pk]) == [tina, theo]


def _actor(owner: Membership) -> Actor:

    return Actor(user=owner.user)
