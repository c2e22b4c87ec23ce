"""A purchase taken back: every seat and every cent, once, and only while nothing else has moved."""

from datetime import datetime, timedelta

import pytest

from accounts.models import AuditEntry, Membership
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import plan_decrease
from billing.changes.finish_open_changes import finish_open_changes
from billing.changes.undo_change import undo_change, undoable_until
from billing.errors import ChangeInProgress, NotUndoable, ProviderUnavailable, UndoTooLate
from billing.mirror.queries import open_decrease
from billing.mirror.refresh import refresh_subscription
from billing.models import QuantityChange, Subscription, Terms
from billing.quotes.quote_quantity import quote_quantity
from seats.models import LedgerEntry, SeatPool
from tests.conftest import Funded, FundMaker
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)
State, Kind = QuantityChange.State, QuantityChange.Kind
WINDOW = timedelta(minutes=15)


def buy(funded: Funded, at: datetime, add: int = 2) -> QuantityChange:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=add, at=at)
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=at)


def undo(funded: Funded, purchase: QuantityChange, at: datetime) -> QuantityChange:
    return undo_change(account=funded.account, change_id=purchase.public_id, actor=funded.actor, at=at)


def totals(funded: Funded) -> list[int]:
    """Of the invoices of changes, oldest first."""
    return [i["total"] for i in funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")][::-1]


@pytest.mark.parametrize("scheme", ["flat", "graduated", "volume"])
@pytest.mark.parametrize("currency", ["usd", "jpy"])
@pytest.mark.parametrize("interval", ["month", "year"])
def test_seats_and_charge_go_back_whole(
    owner: Membership, fund: FundMaker, now: datetime, scheme: str, currency: str, interval: str
) -> None:
    """In the middle of a period, where nothing is a round number."""
    funded = fund(owner, scheme=scheme, currency=currency, interval=interval)
    funded.desk.advance(11 * 86_400 + 12_345)
    at = now + timedelta(days=11, seconds=12_345)
    purchase = buy(funded, at, 3)
    funded.desk.advance(int(WINDOW.total_seconds()) - 60)

    done = undo(funded, purchase, at + WINDOW)

    assert (done.kind, done.state, done.undoes) == (Kind.UNDO, State.APPLIED, purchase)
    assert (done.base_quantity, done.target_quantity) == (13, 10)
    assert totals(funded) == [purchase.charged_total, -(purchase.charged_total or 0)]
    assert done.charged_total == done.quoted_total
    assert funded.desk.quantity(funded.stripe_id) == 10
    assert SeatPool.objects.get(account=funded.account).purchased == 10
    entry = LedgerEntry.objects.get(account=funded.account, kind="undone")
    assert (entry.purchased_before, entry.purchased_after, entry.change_id) == (13, 10, done.public_id)
    assert entry.actor == funded.actor.user
    assert broken_invariants(funded.desk) == []


def test_the_same_seats_cost_the_same_again(funded: Funded, now: datetime) -> None:
    """What was given back must not be credited a second time by the next purchase."""
    first = buy(funded, now)
    undo(funded, first, now)

    again = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    assert again.total == first.charged_total == 8000


def test_a_second_click_is_the_first_ones_undo(funded: Funded, now: datetime) -> None:
    purchase = buy(funded, now)

    first, second = undo(funded, purchase, now), undo(funded, purchase, now + timedelta(hours=1))

    assert first.pk == second.pk
    assert totals(funded) == [8000, -8000]
    assert AuditEntry.objects.filter(account=funded.account, action="purchase.undo").count() == 1


def test_an_undone_purchase_frees_the_one_before_it(funded: Funded, now: datetime) -> None:
    """Only the newest may be undone; the stamp of the older one is gone, so it stays."""
    older, newer = buy(funded, now, 1), buy(funded, now, 2)

    with pytest.raises(NotUndoable):
        undo(funded, older, now)
    undo(funded, newer, now)
    with pytest.raises(NotUndoable):
        undo(funded, older, now)

    assert funded.desk.quantity(funded.stripe_id) == 11
    assert not QuantityChange.objects.filter(undoes=older).exists()


def test_after_its_window_it_is_too_late(funded: Funded, now: datetime) -> None:
    purchase = buy(funded, now)
    assert undoable_until(purchase, at=now) == now + WINDOW

    late = now + WINDOW + timedelta(seconds=1)
    assert undoable_until(purchase, at=late) is None
    with pytest.raises(UndoTooLate):
        undo(funded, purchase, late)

    assert funded.desk.quantity(funded.stripe_id) == 12
    assert not QuantityChange.objects.filter(kind=Kind.UNDO).exists()


def test_an_edit_elsewhere_ends_it(funded: Funded, now: datetime) -> None:
    purchase = buy(funded, now)
    item = funded.subscription.items.get().stripe_id
    funded.desk.client.v1.subscriptions.update(
        funded.stripe_id, {"items": [{"id": item, "quantity": 20}], "proration_behavior": "none"}
    )
    refresh_subscription(stripe_id=funded.stripe_id, at=now)

    with pytest.raises(NotUndoable):
        undo(funded, purchase, now)

    assert funded.desk.quantity(funded.stripe_id) == 20


def test_an_edit_that_we_have_not_heard_of_stops_it_before_it_is_sent(funded: Funded, now: datetime) -> None:
    purchase = buy(funded, now)
    item = funded.subscription.items.get().stripe_id
    funded.desk.client.v1.subscriptions.update(
        funded.stripe_id, {"items": [{"id": item, "quantity": 20}], "proration_behavior": "none"}
    )

    done = undo(funded, purchase, now)

    assert (done.state, done.calls) == (State.REJECTED, 0)
    assert funded.desk.quantity(funded.stripe_id) == 20
    assert totals(funded) == [8000]


@pytest.mark.parametrize("why", ["frozen", "paused"])
def test_not_while_it_is_frozen_or_paused(funded: Funded, now: datetime, why: str) -> None:
    purchase = buy(funded, now)
    if why == "paused":
        pause(funded)
        refresh_subscription(stripe_id=funded.stripe_id, at=now)
    else:
        Subscription.objects.update(frozen=Subscription.Frozen.SHAPE, frozen_at=now)
    purchase.refresh_from_db()

    assert undoable_until(purchase, at=now) is None
    words = "our team checks it first" if why == "frozen" else "Payments of this subscription are paused"
    with pytest.raises(NotUndoable, match=words):
        undo(funded, purchase, now)

    assert not QuantityChange.objects.filter(kind=Kind.UNDO).exists()
    assert (funded.desk.quantity(funded.stripe_id), totals(funded)) == (12, [8000])


def pause(funded: Funded) -> None:
    """As staff do in Stripe's dashboard."""
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, {"pause_collection": {"behavior": "void"}})


def test_a_pause_that_we_have_not_heard_of_stops_it_before_it_is_sent(funded: Funded, now: datetime) -> None:
    """Its invoice would be void, and the money neither on the card nor on the balance."""
    purchase = buy(funded, now)
    pause(funded)

    done = undo(funded, purchase, now)

    assert (done.state, done.calls) == (State.REJECTED, 0)
    assert (funded.desk.quantity(funded.stripe_id), totals(funded)) == (12, [8000])


def test_an_open_purchase_comes_first(owner: Membership, fund: FundMaker, now: datetime) -> None:
    funded = fund(owner)
    purchase = buy(funded, now)
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    waiting = buy(funded, now)
    assert waiting.state == State.AWAITING_PAYMENT

    with pytest.raises(ChangeInProgress):
        undo(funded, purchase, now)

    assert funded.desk.quantity(funded.stripe_id) == 12


def test_another_accounts_purchase_is_not_found(funded: Funded, outsider: Membership, now: datetime) -> None:
    purchase = buy(funded, now)

    with pytest.raises(NotUndoable):
        undo_change(account=outsider.account, change_id=purchase.public_id, actor=funded.actor, at=now)


def test_without_an_answer_nothing_begins(funded: Funded, now: datetime) -> None:
    purchase = buy(funded, now)
    funded.desk.fault("error500_no_effect", path="/v1/invoices/create_preview", times=3)

    with pytest.raises(ProviderUnavailable):
        undo(funded, purchase, now)

    assert not QuantityChange.objects.filter(kind=Kind.UNDO).exists()


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_a_lost_answer_is_settled_by_the_sweep_once(funded: Funded, now: datetime, kind: str) -> None:
    purchase = buy(funded, now)
    funded.desk.fault(kind)
    undo(funded, purchase, now)

    for minutes in (1, 3, 10, 30):
        finish_open_changes(at=now + timedelta(minutes=minutes))

    assert QuantityChange.objects.get(kind=Kind.UNDO).state == State.APPLIED
    assert totals(funded) == [8000, -8000]
    assert LedgerEntry.objects.filter(account=funded.account, kind="undone").count() == 1
    assert broken_invariants(funded.desk) == []


def test_a_plan_that_no_longer_reduces_is_over(funded: Funded, now: datetime) -> None:
    purchase = buy(funded, now)
    plan_decrease(account=funded.account, quantity=11, actor=funded.actor, at=now)

    undo(funded, purchase, now)

    assert open_decrease(funded.account) is None


def test_a_plan_below_stays(funded: Funded, now: datetime) -> None:
    purchase = buy(funded, now)
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)

    undo(funded, purchase, now)

    plan = open_decrease(funded.account)
    assert plan is not None
    assert plan.renew_quantity == 7


@pytest.mark.parametrize(
    ("committed", "bought", "undone"), [(20, 20, 20), (11, 12, 11), (10, 12, 10), (8, 10, 8), (0, 2, 0)]
)
def test_a_purchase_never_lowers_a_commitment(
    funded: Funded, now: datetime, committed: int, bought: int, undone: int
) -> None:
    """Where added seats are committed too: only those; what was agreed for seats still to come is used up first."""
    until = now + timedelta(days=300)
    terms = Terms.objects.create(
        account=funded.account, committed_quantity=committed, committed_until=until, adds_commit=True
    )

    purchase = buy(funded, now)
    terms.refresh_from_db()
    assert terms.committed_quantity == bought
    undo(funded, purchase, now)

    terms.refresh_from_db()
    assert terms.committed_quantity == undone


def test_an_undo_leaves_a_commitment_that_was_agreed_since(funded: Funded, now: datetime) -> None:
    until = now + timedelta(days=300)
    terms = Terms.objects.create(account=funded.account, committed_quantity=10, committed_until=until, adds_commit=True)
    purchase = buy(funded, now)
    Terms.objects.update(committed_quantity=11)

    undo(funded, purchase, now)

    terms.refresh_from_db()
    assert terms.committed_quantity == 11
