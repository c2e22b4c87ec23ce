"""A due tranche is bought once, within what was agreed to, or held and told once."""

import signal
from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from django.utils import timezone

from accounts.access.actor import Actor
from accounts.members.change_role import change_role
from accounts.models import AuditEntry, Membership, Notice, Role, WebhookEndpoint, WebhookStream
from billing.changes.buy_quote import buy_quote
from billing.errors import ChangeInProgress
from billing.models import BuyingPolicy, QuantityChange, Quote, Terms
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.set_buying_policy import set_buying_policy
from seatportal.kit.clock import start_of_day
from seats.errors import TrancheClosed, TrancheNotHeld
from seats.models import LedgerEntry, SeatPool, Tranche
from seats.rollout.run_tranches import carry_tranche, release_tranche, retry_tranche, run_due_tranches
from seats.rollout.tranches import cancel_tranche, change_tranche
from tests.conftest import Funded, FundMaker, join
from tests.dying import run_and_die
from tests.invariants import broken_invariants
from tests.races.test_last_seat import all_at_once
from tests.seats.rollout.steps import run_over, scheduled, team, wish
from tests.seats.test_webhook_events import told

pytestmark = pytest.mark.django_db(transaction=True)
State = Tranche.State
DAY = timedelta(days=1)


def updates(funded: Funded) -> list[dict[str, object]]:
    return funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")


def nothing_bought(funded: Funded) -> None:
    assert not QuantityChange.objects.exclude(state__in=("rejected", "abandoned")).exists()
    assert funded.desk.quantity(funded.stripe_id) == 10
    assert SeatPool.objects.get(account=funded.account).purchased == 10
    assert [row for row in updates(funded) if row["status"] == "paid"] == []


def test_on_its_day_it_is_bought_for_no_more_than_was_agreed(funded: Funded, now: datetime) -> None:
    WebhookStream.objects.create(account=funded.account)
    WebhookEndpoint.objects.create(account=funded.account, url="https://hooks.example/", nonce="n")
    tranche = scheduled(funded, now, ceiling=40_000)
    assert (tranche.estimate, tranche.currency) == (40_000, "usd")

    assert run_due_tranches(at=now) == 1

    tranche.refresh_from_db()
    change = QuantityChange.objects.get()
    assert (tranche.state, tranche.change, tranche.settled_at) == (State.BOUGHT, change, now)
    assert (change.state, change.added, change.charged_due, change.user) == ("applied", 10, 40_000, funded.owner.user)
    assert change.params["payment_behavior"] == "error_if_incomplete"  # nobody is present
    assert LedgerEntry.objects.get(kind="bought").reason.startswith("Sales in 2027, tranche of ")
    assert funded.desk.quantity(funded.stripe_id) == 20
    heard = [event for event in told(funded.account) if event["type"].startswith("tranche.")]
    assert [event["type"] for event in heard] == ["tranche.scheduled", "tranche.bought"]
    assert heard[1]["data"]["order_id"] == change.public_id
    assert AuditEntry.objects.get(action="tranche.bought").data["charged"] == 40_000
    assert not Notice.objects.filter(kind__startswith="tranche").exists()  # the owner has the receipt
    assert run_due_tranches(at=now + DAY) == 0
    assert broken_invariants(funded.desk) == []


def test_a_day_that_has_not_come_buys_nothing(funded: Funded, now: datetime) -> None:
    tranche = scheduled(funded, now, due_on=now.date() + DAY)

    assert run_due_tranches(at=now) == 0
    carry_tranche(tranche_id=tranche.pk, at=now)

    tranche.refresh_from_db()
    assert (tranche.state, tranche.next_look_at) == (State.PLANNED, start_of_day(now.date() + DAY, "UTC"))
    nothing_bought(funded)


def test_the_day_is_the_accounts(funded: Funded, now: datetime) -> None:
    funded.account.time_zone = "Pacific/Kiritimati"  # 14 hours ahead
    funded.account.save()
    tomorrow = now.date() + DAY
    tranche = scheduled(funded, now, due_on=tomorrow)
    assert tranche.next_look_at == start_of_day(tomorrow, "Pacific/Kiritimati")
    assert tranche.next_look_at == datetime.combine(tomorrow, time.min, UTC) - timedelta(hours=14)


def test_an_amount_agreed_in_another_currency_is_no_ceiling(funded: Funded, now: datetime) -> None:
    """A subscription that began anew may be in another one."""
    tranche = scheduled(funded, now, ceiling=40_000)
    Tranche.objects.update(currency="jpy")

    run_due_tranches(at=now)

    tranche.refresh_from_db()
    assert (tranche.state, tranche.held_code, tranche.asked) == (State.HELD, "price_above_ceiling", 40_000)
    nothing_bought(funded)


def test_a_price_above_the_ceiling_is_never_charged(funded: Funded, member: Membership, now: datetime) -> None:
    tranche = scheduled(funded, now, ceiling=39_999, owner=member)

    for hours in (0, 1, 25):
        run_due_tranches(at=now + timedelta(hours=hours))

    tranche.refresh_from_db()
    assert (tranche.state, tranche.held_code, tranche.asked) == (State.HELD, "price_above_ceiling", 40_000)
    assert tranche.next_look_at is None  # a person decides
    nothing_bought(funded)
    assert not QuantityChange.objects.exists()
    mails = Notice.objects.filter(kind="tranche_held")
    assert {notice.user for notice in mails} == {member.user, funded.owner.user}
    assert mails.count() == 2
    assert AuditEntry.objects.filter(action="tranche.held").count() == 1

    change_tranche(
        account=funded.account,
        tranche_id=tranche.public_id,
        wish=wish(funded, now, ceiling=40_000),
        actor=funded.actor,
        at=now,
    )
    run_due_tranches(at=now)

    tranche.refresh_from_db()
    assert (tranche.state, funded.desk.quantity(funded.stripe_id)) == (State.BOUGHT, 20)
    assert len(updates(funded)) == 1


def test_a_gate_that_is_not_met_holds_and_is_looked_at_each_day(
    funded: Funded, member: Membership, now: datetime
) -> None:
    team(funded, now, busy=7, idle=3)
    tranche = scheduled(funded, now, gate_percent=80, owner=member)

    run_due_tranches(at=now)
    run_due_tranches(at=now + timedelta(minutes=10))
    run_due_tranches(at=now + DAY)

    tranche.refresh_from_db()
    tomorrow = start_of_day((now + DAY).date() + DAY, "UTC")
    assert (tranche.state, tranche.held_code, tranche.held_at) == (State.HELD, "adoption_low", now)
    assert tranche.next_look_at == tomorrow
    nothing_bought(funded)
    assert not Quote.objects.exists()  # nobody asks for a price
    assert Notice.objects.filter(kind="tranche_held").count() == 2  # its owner and who agreed, once

    # One more comes back: 8 of 10.
    Membership.objects.filter(account=funded.account, user__email="person00007@crowd.example").update(
        last_active_at=now + DAY
    )
    funded.desk.advance(int((tomorrow - now).total_seconds()))
    assert run_due_tranches(at=tomorrow) == 1

    tranche.refresh_from_db()
    assert tranche.state == State.BOUGHT
    assert Notice.objects.get(kind="tranche_bought").user == member.user
    assert broken_invariants(funded.desk) == []


def test_the_customer_may_override_the_gate_with_a_reason(funded: Funded, now: datetime) -> None:
    tranche = scheduled(funded, now, gate_percent=80)
    run_due_tranches(at=now)
    with pytest.raises(TrancheNotHeld):  # it is held by its gate and by nothing else
        release_tranche(
            account=funded.account,
            tranche_id=scheduled(funded, now, due_on=now.date() + DAY).public_id,
            reason="x",
            actor=funded.actor,
            at=now,
        )
    nothing_bought(funded)

    done = release_tranche(
        account=funded.account, tranche_id=tranche.public_id, reason="New office", actor=funded.actor, at=now
    )

    assert (done.state, done.released_reason, done.released_by) == (State.BOUGHT, "New office", funded.owner.user)
    assert done.change is not None
    assert done.change.params["payment_behavior"] == "pending_if_incomplete"  # somebody is there
    assert AuditEntry.objects.get(action="tranche.released").summary == "New office"
    assert funded.desk.quantity(funded.stripe_id) == 20


def test_a_declined_card_holds_it_and_is_tried_again_by_a_click(funded: Funded, now: datetime) -> None:
    tranche = scheduled(funded, now)
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")

    for hours in (0, 1, 30):
        run_due_tranches(at=now + timedelta(hours=hours))

    tranche.refresh_from_db()
    assert (tranche.state, tranche.held_code, tranche.change) == (State.HELD, "payment_declined", None)
    assert QuantityChange.objects.get().state == "rejected"
    nothing_bought(funded)
    assert Notice.objects.filter(kind="tranche_held").count() == 1

    funded.desk.card(funded.customer.stripe_id)
    done = retry_tranche(account=funded.account, tranche_id=tranche.public_id, actor=funded.actor, at=now)

    assert done.state == State.BOUGHT
    assert [change.state for change in QuantityChange.objects.order_by("pk")] == ["rejected", "applied"]
    assert len([row for row in updates(funded) if row["status"] == "paid"]) == 1
    assert broken_invariants(funded.desk) == []
    with pytest.raises(TrancheClosed):
        retry_tranche(account=funded.account, tranche_id=tranche.public_id, actor=funded.actor, at=now)


def test_a_bank_that_asks_is_answered_by_who_clicks(funded: Funded, now: datetime) -> None:
    tranche = scheduled(funded, now)
    funded.desk.card(funded.customer.stripe_id, "pm_card_authenticationRequired")
    run_due_tranches(at=now)
    tranche.refresh_from_db()
    assert tranche.state == State.HELD
    nothing_bought(funded)

    waits = retry_tranche(account=funded.account, tranche_id=tranche.public_id, actor=funded.actor, at=now)

    assert waits.state == State.BUYING
    assert waits.change is not None
    assert waits.change.state == "awaiting_payment"
    assert funded.desk.quantity(funded.stripe_id) == 10
    with pytest.raises(TrancheClosed):
        cancel_tranche(account=funded.account, tranche_id=tranche.public_id, actor=funded.actor, at=now)


def test_who_agreed_must_still_be_allowed_to_buy(funded: Funded, now: datetime) -> None:
    buyer = join(funded.account, "Bea", Role.BILLING, now)
    funded.actor = Actor(user=buyer.user)
    tranche = scheduled(funded, now)
    change_role(account=funded.account, membership=buyer, role=Role.MEMBER, actor=Actor(user=funded.owner.user), at=now)

    run_due_tranches(at=now)

    tranche.refresh_from_db()
    assert (tranche.state, tranche.held_code) == (State.HELD, "buyer_gone")
    nothing_bought(funded)


def test_above_the_months_allowance_it_is_held_until_somebody_approves(funded: Funded, now: datetime) -> None:
    set_buying_policy(
        account=funded.account,
        seats=5,
        amount=None,
        currency="usd",
        joiners=BuyingPolicy.Joiners.WAIT,
        reason="Budget",
        actor=funded.actor,
        at=now,
    )
    tranche = scheduled(funded, now)

    run_due_tranches(at=now)
    done = retry_tranche(account=funded.account, tranche_id=tranche.public_id, actor=funded.actor, at=now)

    assert (done.state, done.held_code) == (State.HELD, "approval_required")
    nothing_bought(funded)
    assert not QuantityChange.objects.exists()
    assert Notice.objects.get(kind="tranche_held").context["code"] == "approval_required"


def test_another_purchase_on_its_way_only_puts_it_off(funded: Funded, now: datetime) -> None:
    tranche = scheduled(funded, now)
    funded.desk.card(funded.customer.stripe_id, "pm_card_authenticationRequired")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    run_due_tranches(at=now)

    tranche.refresh_from_db()
    assert (tranche.state, tranche.tried_since) == (State.PLANNED, now)
    assert tranche.next_look_at == now + timedelta(minutes=10)
    assert not Notice.objects.filter(kind="tranche_held").exists()
    run_due_tranches(at=now + DAY)
    tranche.refresh_from_db()
    assert (tranche.state, tranche.held_code) == (State.HELD, "change_in_progress")
    with pytest.raises(ChangeInProgress):
        retry_tranche(account=funded.account, tranche_id=tranche.public_id, actor=funded.actor, at=now)
    assert QuantityChange.objects.count() == 1


def test_a_lost_answer_charges_once(funded: Funded, now: datetime) -> None:
    tranche = scheduled(funded, now)
    funded.desk.fault("reset_after", path="/v1/subscriptions/sub")

    run_over(funded, now, 0, 11, 22)

    tranche.refresh_from_db()
    assert tranche.state == State.BOUGHT
    assert QuantityChange.objects.count() == 1
    assert len(updates(funded)) == 1
    assert broken_invariants(funded.desk) == []


def test_a_stripe_that_is_away_is_no_failed_purchase(funded: Funded, now: datetime) -> None:
    tranche = scheduled(funded, now)
    funded.desk.fault("rate_limit", path="/v1/subscriptions/sub", times=1)

    run_over(funded, now, 0, 61, 72, 83)

    tranche.refresh_from_db()
    assert tranche.state == State.BOUGHT
    assert len(updates(funded)) == 1
    assert not Notice.objects.filter(kind="tranche_held").exists()


def test_customers_who_pay_by_invoice_get_their_number_printed(
    owner: Membership, fund: FundMaker, now: datetime
) -> None:
    funded = fund(owner, collection_method="send_invoice", days_until_due=30)
    Terms.objects.create(account=funded.account, credit_limit=100_000)
    tranche = scheduled(funded, now, po_number="PO-77", ceiling=40_000)

    run_due_tranches(at=now)

    tranche.refresh_from_db()
    assert tranche.state == State.BOUGHT
    assert updates(funded)[0]["custom_fields"] == [{"name": "PO number", "value": "PO-77"}]
    assert updates(funded)[0]["amount_due"] == 40_000


@pytest.mark.race
def test_six_workers_buy_it_once(funded: Funded, now: datetime) -> None:
    tranche = scheduled(funded, now)

    outcome = all_at_once([partial(carry_tranche, tranche_id=tranche.pk, at=now) for _ in range(6)])
    run_over(funded, now, 2, 11, 22)

    assert outcome == {"ok": 6}
    tranche.refresh_from_db()
    assert tranche.state == State.BOUGHT
    assert QuantityChange.objects.count() == 1
    assert len(updates(funded)) == 1
    assert funded.desk.quantity(funded.stripe_id) == 20
    assert broken_invariants(funded.desk) == []


@pytest.mark.parametrize(
    ("when", "place"),
    [
        ("before", "billing.changes.buy_quote:record_audit"),
        ("before", "seats.rollout.run_tranches:finish_change"),
        ("before", "billing.gateway.stripe_api:StripeGateway.update_subscription"),
        ("after", "billing.gateway.stripe_api:StripeGateway.update_subscription"),
        ("before", "seats.rollout.run_tranches:_bought"),
        ("before", "seats.rollout.run_tranches:emit"),
    ],
)
def test_killed_anywhere_it_is_bought_once(
    funded: Funded, now: datetime, child_environment: dict[str, str], when: str, place: str
) -> None:
    tranche = scheduled(funded, now)

    child = run_and_die(when, place, ["seats.rollout.run_tranches:run_due_tranches"], child_environment)
    assert child.returncode == -signal.SIGKILL, child.stderr
    run_over(funded, timezone.now(), 2, 15, 30)

    tranche.refresh_from_db()
    assert tranche.state == State.BOUGHT
    assert QuantityChange.objects.filter(state="applied").count() == 1
    assert len(updates(funded)) == 1
    assert funded.desk.quantity(funded.stripe_id) == 20
    assert broken_invariants(funded.desk) == []
