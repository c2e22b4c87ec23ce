"""Charge active seats only: one negative line a period, priced by Stripe, never twice."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Notice
from billing.changes.buy_quote import buy_quote
from billing.changes.credit_idle import finish_idle_credit, finish_idle_credits, retry_idle_credit
from billing.models import IdleCredit, Price, Terms
from billing.quotes.quote_plan import quote_plan
from seats.capacity.comp_seats import comp_seats
from seats.holders.claim import claim
from seats.true_up.count_idle_credits import count_idle_credits
from tests.conftest import Funded, FundMaker
from tests.desk import Desk
from tests.factories.seats import SYSTEM, crowd, use
from tests.invariants import broken_invariants
from tests.seats.true_up.conftest import Team, agree, renew, to_period_end

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]
State = IdleCredit.State
DAY = timedelta(days=1)


def items_at_stripe(funded: Funded) -> list[dict[str, object]]:
    found = funded.desk.client.v1.invoice_items.list({"customer": funded.customer.stripe_id})
    rows: list[dict[str, object]] = found.to_dict()["data"]
    return rows


def count_at_the_end(funded: Funded, now: datetime, **when: timedelta) -> tuple[IdleCredit, datetime]:
    late = to_period_end(funded, now, **when)
    count_idle_credits(at=late)
    return IdleCredit.objects.get(), late


@pytest.mark.parametrize(
    ("scheme", "quantity", "busy", "idle", "amount"),
    [
        ("flat", 10, 8, 2, -10_000),
        ("graduated", 12, 9, 3, -13_000),  # 58,000 - 45,000: two at 40 and one at 50
        ("volume", 12, 11, 1, -4_000),  # 48,000 - 44,000
        ("graduated", 10, 5, 2, -10_000),  # three are free, and free ones are not idle
    ],
)
def test_idle_people_come_off_the_next_invoice_at_stripes_price(
    owner: Membership,
    fund: FundMaker,
    team: Team,
    now: datetime,
    scheme: str,
    quantity: int,
    busy: int,
    idle: int,
    amount: int,
) -> None:
    funded = fund(owner, scheme=scheme, quantity=quantity)
    agree(funded, "active", idle_days=60)
    people = team(funded, busy=busy, idle=idle, seated=now - 70 * DAY)

    credit, _late = count_at_the_end(funded, now)

    assert (credit.state, credit.idle, credit.credited, credit.amount) == (State.DONE, idle, idle, amount)
    assert [person["member"] for person in credit.people] == [person.public_id for person in people[busy:]]
    assert [(row["amount"], row["invoice"]) for row in items_at_stripe(funded)] == [(amount, None)]
    renew(funded)
    bill = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_cycle")[0]
    full = {"flat": 50_000, "volume": 48_000}.get(scheme, 58_000 if quantity == 12 else 50_000)
    assert (bill["total"], bill["status"]) == (full + amount, "paid")
    assert sorted(line["amount"] for line in bill["lines"]["data"])[0] == amount
    assert broken_invariants(funded.desk) == []


def test_seats_free_of_charge_are_not_credited(funded: Funded, team: Team, now: datetime) -> None:
    """Ten are paid; twelve sit, three of them idle. Two of the three cost nothing, so one comes off."""
    agree(funded, "active", idle_days=20)
    until = now.date() + 200 * DAY
    comp_seats(account=funded.account, seats=2, until=until, reason="Pilot", actor=SYSTEM, at=now)
    team(funded, busy=9, idle=3, seated=now)

    credit, _late = count_at_the_end(funded, now)

    assert (credit.state, credit.quantity, credit.idle, credit.credited) == (State.DONE, 10, 3, 1)


def test_all_is_what_it_was(funded: Funded, team: Team, now: datetime) -> None:
    """F5: the invoice is what was purchased."""
    agree(funded, "all")
    team(funded, busy=5, idle=5)

    count_idle_credits(at=to_period_end(funded, now))
    renew(funded)

    assert not IdleCredit.objects.exists()
    assert items_at_stripe(funded) == []
    assert funded.desk.invoices(funded.stripe_id, billing_reason="subscription_cycle")[0]["total"] == 50_000


def test_nobody_is_counted_before_the_end_and_none_twice(funded: Funded, team: Team, now: datetime) -> None:
    agree(funded, "active", idle_days=30)
    team(funded, busy=8, idle=2)

    assert count_idle_credits(at=now) == 0
    late = to_period_end(funded, now)
    assert count_idle_credits(at=late) == 1
    assert count_idle_credits(at=late + timedelta(minutes=15)) == 0
    assert finish_idle_credits(at=late + timedelta(minutes=15)) == 0

    assert IdleCredit.objects.count() == 1
    assert len(items_at_stripe(funded)) == 1
    row = IdleCredit.objects.get()
    row.pk, row.public_id, row.idempotency_key = None, "idc_other", "other"
    with pytest.raises(IntegrityError, match="idle_credit_once_per_period"), transaction.atomic():
        row.save(force_insert=True)


def test_who_worked_or_sat_down_in_the_window_is_not_idle(funded: Funded, team: Team, now: datetime) -> None:
    agree(funded, "active", idle_days=30)
    late = funded.subscription.items.get().period_end - timedelta(hours=1)
    people = team(funded, busy=0, idle=3, seated=late - 40 * DAY)
    team_of_one = people[1]
    use(people[0], late - 29 * DAY, days=1)  # the window's first day
    use(team_of_one, late - 30 * DAY, days=1)  # the day before it

    credit, _late = count_at_the_end(funded, now)

    assert [person["name"] for person in credit.people] == [str(people[1].user), str(people[2].user)]
    assert credit.people[0]["last_active_on"] == (late - 30 * DAY).date().isoformat()
    assert credit.people[1]["last_active_on"] == ""
    assert (credit.first_day, credit.last_day) == ((late - 29 * DAY).date(), late.date())


def test_a_seat_of_less_than_the_window_is_new_not_idle(funded: Funded, team: Team, now: datetime) -> None:
    agree(funded, "active", idle_days=30)
    team(funded, busy=0, idle=2, seated=funded.subscription.items.get().period_end - 29 * DAY)

    credit, _late = count_at_the_end(funded, now)

    assert (credit.state, credit.idle, credit.amount) == (State.NOTHING, 0, 0)
    assert items_at_stripe(funded) == []


def test_a_period_of_a_year_must_be_idle_all_year(
    owner: Membership, fund: FundMaker, team: Team, now: datetime
) -> None:
    funded = fund(owner, interval="year")
    agree(funded, "active", idle_days=30)
    # A year commits to its seats, and committed seats are not credited; this account agreed otherwise.
    Terms.objects.filter(account=funded.account).update(committed_quantity=0, committed_until=None)
    end = funded.subscription.items.get().period_end
    people = team(funded, busy=0, idle=3, seated=now - 60 * DAY)
    use(people[0], end - 200 * DAY, days=1)
    assign_late = crowd(funded.account, 1, now, name="Late")
    claim(account=funded.account, members=assign_late, actor=SYSTEM, at=now + 100 * DAY)

    credit, _late = count_at_the_end(funded, now)

    assert [person["member"] for person in credit.people] == [people[1].public_id, people[2].public_id]
    assert (credit.last_day - credit.first_day).days + 1 == 365
    assert credit.amount == -10_000


def test_by_volume_fewer_seats_may_cost_more_then_nothing_moves(
    owner: Membership, fund: FundMaker, team: Team, now: datetime
) -> None:
    """11 seats cost 440, 10 cost 500."""
    funded = fund(owner, scheme="volume", quantity=11)
    agree(funded, "active")
    team(funded, busy=10, idle=1)

    credit, _late = count_at_the_end(funded, now)

    assert (credit.state, credit.full_amount, credit.reduced_amount, credit.amount) == (
        State.NOTHING,
        44_000,
        50_000,
        0,
    )
    assert items_at_stripe(funded) == []
    renew(funded)
    assert funded.desk.invoices(funded.stripe_id, billing_reason="subscription_cycle")[0]["total"] == 44_000


def test_the_agreed_minimum_is_charged(funded: Funded, team: Team, now: datetime) -> None:
    agree(funded, "active", minimum_seats=9)
    team(funded, busy=6, idle=4)

    credit, _late = count_at_the_end(funded, now)

    assert (credit.idle, credit.credited, credit.amount) == (4, 1, -5_000)


def test_a_lost_answer_is_found_by_reading_and_sent_once(funded: Funded, team: Team, now: datetime) -> None:
    agree(funded, "active")
    team(funded, busy=8, idle=2)
    funded.desk.fault("reset_after", path="/v1/invoiceitems")

    credit, late = count_at_the_end(funded, now)

    assert (credit.state, credit.amount) == (State.PRICED, -10_000)
    assert finish_idle_credits(at=late + timedelta(minutes=5)) == 1
    credit.refresh_from_db()
    assert credit.state == State.DONE
    [item] = items_at_stripe(funded)
    assert item["id"] == credit.invoice_item_stripe_id


def test_killed_after_counting_the_next_run_goes_on(funded: Funded, team: Team, now: datetime) -> None:
    agree(funded, "active")
    team(funded, busy=8, idle=2)
    funded.desk.fault("error500_no_effect", path="/v1/invoices/create_preview", times=2)

    credit, late = count_at_the_end(funded, now)

    assert (credit.state, credit.params) == (State.COUNTED, {})
    assert items_at_stripe(funded) == []
    finish_idle_credits(at=late + timedelta(minutes=5))
    credit.refresh_from_db()
    assert (credit.state, credit.amount) == (State.DONE, -10_000)
    assert len(items_at_stripe(funded)) == 1


def test_a_key_that_stripe_forgot_is_never_sent_again(funded: Funded, team: Team, now: datetime) -> None:
    agree(funded, "active")
    team(funded, busy=8, idle=2)
    funded.desk.fault("error500_no_effect", path="/v1/invoiceitems")

    credit, late = count_at_the_end(funded, now)
    assert credit.state == State.PRICED
    finish_idle_credit(credit_id=credit.pk, at=late + timedelta(hours=20))

    credit.refresh_from_db()
    assert (credit.state, credit.error_code) == (State.FAILED, "not_executed")
    assert items_at_stripe(funded) == []
    assert not Notice.objects.filter(kind="idle_credit").exists()


def test_a_refusal_is_final_and_staff_can_try_again(funded: Funded, team: Team, now: datetime) -> None:
    agree(funded, "active")
    team(funded, busy=8, idle=2)
    funded.desk.fault("error500_no_effect", path="/v1/invoices/create_preview", times=2)
    credit, late = count_at_the_end(funded, now)
    right = credit.item_stripe_id
    IdleCredit.objects.update(item_stripe_id="si_gone")

    finish_idle_credit(credit_id=credit.pk, at=late)
    credit.refresh_from_db()
    assert credit.state == State.FAILED
    assert credit.error_code
    assert items_at_stripe(funded) == []
    assert finish_idle_credits(at=late + DAY) == 0

    IdleCredit.objects.update(item_stripe_id=right)
    retry_idle_credit(credit=credit, actor=funded.actor, at=late + DAY)
    credit.refresh_from_db()
    assert (credit.state, credit.amount, credit.error_code) == (State.DONE, -10_000, "")
    retry_idle_credit(credit=credit, actor=funded.actor, at=late + DAY)
    assert len(items_at_stripe(funded)) == 1


def test_a_run_that_comes_after_the_renewal_counts_the_period_that_ended(
    funded: Funded, team: Team, now: datetime
) -> None:
    agree(funded, "active")
    people = team(funded, busy=8, idle=2)
    end = funded.subscription.items.get().period_end
    to_period_end(funded, now)
    Terms.objects.update(created_at=now)
    late = renew(funded)
    use(people[9], late + DAY, days=1)  # Back at work, but only after the period.

    assert count_idle_credits(at=late + DAY) == 1

    credit = IdleCredit.objects.get()
    assert (credit.period_end, credit.idle, credit.amount) == (end, 2, -10_000)
    assert [row["invoice"] for row in items_at_stripe(funded)] == [None]
    assert count_idle_credits(at=late + 2 * DAY) == 0


def test_a_subscription_that_ends_or_owes_is_not_credited(funded: Funded, team: Team, now: datetime) -> None:
    agree(funded, "active")
    team(funded, busy=8, idle=2)
    late = to_period_end(funded, now)
    funded.subscription.status = "past_due"
    funded.subscription.save()
    assert count_idle_credits(at=late) == 0
    funded.subscription.status = "active"
    funded.subscription.cancel_at = funded.subscription.items.get().period_end
    funded.subscription.save()

    assert count_idle_credits(at=late) == 0

    assert not IdleCredit.objects.exists()
    assert items_at_stripe(funded) == []


def test_the_customer_sees_who_was_counted_and_is_told(
    funded: Funded, team: Team, now: datetime, client_of: ClientOf
) -> None:
    agree(funded, "active")
    people = team(funded, busy=8, idle=2)
    credit, _late = count_at_the_end(funded, now)
    client = client_of(funded.owner)

    shown = client.get(reverse("seats:idle_credit", args=[funded.account.slug, credit.public_id]))
    listed = client.get(reverse("seats:true_ups", args=[funded.account.slug]))

    text = " ".join(shown.content.decode().split())
    assert "−$100.00" in text
    assert all(str(person.user) in text for person in people[8:])
    assert not any(str(person.user) in text for person in people[:8])
    assert reverse("seats:idle_credit", args=[funded.account.slug, credit.public_id]) in listed.content.decode()
    notice = Notice.objects.get(kind="idle_credit")
    assert notice.user == funded.owner.user
    assert (notice.context["amount"], notice.context["people"]) == (10_000, [str(p.user) for p in people[8:]])


def test_a_switch_of_plan_ends_no_period_that_is_credited(
    owner: Membership, fund: FundMaker, desk: Desk, team: Team, now: datetime
) -> None:
    """A week's plan becomes a month's after three days: no month went by, and none is credited at its price."""
    desk.price("flat", "month", unit=9_000)
    funded = fund(owner, scheme="flat", interval="week")
    agree(funded, "active", idle_days=30)
    Terms.objects.update(created_at=now - 60 * DAY)
    team(funded, busy=0, idle=4)
    funded.desk.advance(3 * 86_400)
    later = now + 3 * DAY
    month = Price.objects.get(interval="month")
    quote = quote_plan(account=funded.account, actor=funded.actor, price_id=month.public_id, quantity=None, at=later)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=later)
    assert change.state == "applied"

    assert count_idle_credits(at=later + timedelta(hours=1)) == 0

    assert not IdleCredit.objects.exists()
    assert items_at_stripe(funded) == []
