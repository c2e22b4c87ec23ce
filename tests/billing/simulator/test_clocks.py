"""Time: renewals, retries, anchors, trials and schedules, each at its own hour."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import DAY, Control, Shop, at, day, fresh, item_of, started


def test_a_renewal_is_a_draft_for_an_hour_and_then_paid(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01")

    shop.advance(subscription.test_clock, at("2026-05-01T00:30"))
    draft = fresh(shop, subscription)
    shop.advance(subscription.test_clock, at("2026-05-01T01:00"))
    paid = fresh(shop, subscription)

    assert (draft.latest_invoice.status, draft.latest_invoice.billing_reason) == ("draft", "subscription_cycle")
    assert draft.latest_invoice.automatically_finalizes_at == at("2026-05-01T01:00")
    assert (day(item_of(draft).current_period_start), day(item_of(draft).current_period_end)) == (
        "2026-05-01",
        "2026-06-01",
    )
    assert (paid.latest_invoice.status, paid.latest_invoice.total, paid.status) == ("paid", 2000, "active")
    assert (paid.latest_invoice.created, paid.latest_invoice.status_transitions.paid_at) == (
        at("2026-05-01"),
        at("2026-05-01T01:00"),
    )
    assert not hasattr(paid, "current_period_end")


def test_a_year_of_renewals_happens_in_order(shop: Shop) -> None:
    subscription = started(shop, "2026-01-31T12:00")

    shop.advance(subscription.test_clock, at("2027-02-01"))

    invoices = shop.client.v1.invoices.list({"subscription": subscription.id, "limit": 100}).data[::-1]
    assert [day(invoice.created)[5:] for invoice in invoices] == [
        "01-31", "02-28", "03-31", "04-30", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31", "11-30", "12-31",
        "01-31",
    ]  # fmt: skip
    assert {invoice.status for invoice in invoices} == {"paid"}
    events = shop.client.v1.events.list({"limit": 100, "type": "invoice.*"}).data
    created = [event.created for event in events]
    assert len(created) == 13 * 4 + 12  # Each renewal was announced.
    assert created == sorted(created, reverse=True)
    numbers = [invoice.number.rpartition("-")[2] for invoice in invoices]
    assert numbers == [f"{n:04d}" for n in range(1, 14)]


def test_an_anchor_on_the_31st_keeps_to_the_last_day(shop: Shop) -> None:
    subscription = started(
        shop, "2026-04-10", price={"unit_amount": 3000}, billing_cycle_anchor_config={"day_of_month": 31}
    )

    assert day(item_of(subscription).current_period_end) == "2026-04-30"
    assert shop.client.v1.invoices.retrieve(subscription.latest_invoice).total == 4000
    shop.advance(subscription.test_clock, at("2026-05-02"))
    assert day(item_of(fresh(shop, subscription)).current_period_end) == "2026-05-31"
    assert fresh(shop, subscription).latest_invoice.total == 6000


def test_a_failed_renewal_is_past_due_until_it_is_paid(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01")
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")

    shop.advance(subscription.test_clock, at("2026-05-01T02:00"))

    late = fresh(shop, subscription)
    assert (late.status, late.latest_invoice.status) == ("past_due", "open")
    assert late.latest_invoice.next_payment_attempt == at("2026-05-04T01:00")
    assert "invoice.payment_failed" in shop.types()
    good = shop.card(subscription.customer, "pm_card_visa")
    shop.client.v1.invoices.pay(late.latest_invoice.id, {"payment_method": good})
    assert fresh(shop, subscription).status == "active"


def test_a_failed_renewal_is_tried_again_with_the_card_of_that_day(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01")
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    shop.advance(subscription.test_clock, at("2026-05-02"))
    shop.card(subscription.customer, "pm_card_visa")

    shop.advance(subscription.test_clock, at("2026-05-04T02:00"))

    now = fresh(shop, subscription)
    assert (now.status, now.latest_invoice.status, now.latest_invoice.attempt_count) == ("active", "paid", 2)


def test_retries_end_after_the_fourth_attempt(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01")
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")

    shop.advance(subscription.test_clock, at("2026-05-25"))

    invoice = fresh(shop, subscription).latest_invoice
    assert (invoice.attempt_count, invoice.next_payment_attempt, invoice.status) == (4, None, "open")


def test_an_incomplete_subscription_is_completed_or_expires(shop: Shop, control: Control) -> None:
    clock = shop.clock(at("2026-04-01"))
    customer = shop.customer("pm_card_authenticationRequired", clock=clock)
    price = shop.price().id
    completed, expired = shop.subscribe(customer.id, price), shop.subscribe(customer.id, price)
    assert (completed.status, expired.status) == ("incomplete", "incomplete")

    control("POST", "3ds", invoice=completed.latest_invoice, outcome="succeed")
    shop.advance(clock, at("2026-04-02"))

    assert fresh(shop, completed).status == "active"
    gone = fresh(shop, expired)
    assert (gone.status, gone.latest_invoice.status) == ("incomplete_expired", "void")


@pytest.mark.parametrize("behavior", ["default_incomplete", "error_if_incomplete"])
def test_a_first_payment_that_fails(shop: Shop, behavior: str) -> None:
    customer = shop.customer("pm_card_chargeCustomerFail")
    price = shop.price().id

    if behavior == "error_if_incomplete":
        with pytest.raises(stripe.CardError):
            shop.subscribe(customer.id, price, payment_behavior=behavior)
        assert shop.client.v1.subscriptions.list({"status": "all"}).data == []
    else:
        made = shop.subscribe(customer.id, price, payment_behavior=behavior)
        assert made.status == "incomplete"
        intent = fresh(shop, made).latest_invoice
        assert intent.status == "open"


def test_real_time_can_be_moved_for_everything_without_a_clock(shop: Shop, control: Control) -> None:
    subscription = shop.subscribe(shop.customer().id, shop.price().id, 2)
    before = control("GET", "state")["now"]

    control("POST", "advance", seconds=32 * DAY)

    now = fresh(shop, subscription)
    assert item_of(now).current_period_start == item_of(subscription).current_period_end
    assert (now.latest_invoice.billing_reason, now.latest_invoice.status) == ("subscription_cycle", "paid")
    assert control("GET", "state")["now"] >= before + 32 * DAY


def test_a_clock_only_goes_forward_and_takes_its_customers_along(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01")
    clock = subscription.test_clock

    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.test_helpers.test_clocks.advance(clock, {"frozen_time": at("2026-03-31")})

    assert shop.client.v1.test_helpers.test_clocks.delete(clock).deleted is True
    assert shop.client.v1.customers.list().data == []
    assert [s.status for s in shop.client.v1.subscriptions.list({"status": "all"}).data] == ["canceled"]


def test_paused_collection_voids_or_keeps_the_renewal(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01")
    paused = shop.client.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "void"}})
    shop.advance(subscription.test_clock, at("2026-05-02"))
    assert (paused.status, paused.pause_collection.behavior) == ("active", "void")
    assert fresh(shop, subscription).latest_invoice.status == "void"

    shop.client.v1.subscriptions.update(subscription.id, {"pause_collection": ""})
    shop.advance(subscription.test_clock, at("2026-06-02"))
    assert fresh(shop, subscription).latest_invoice.status == "paid"


def test_an_invoiced_subscription_waits_for_its_customer(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01", collection_method="send_invoice", days_until_due=30)

    draft = fresh(shop, subscription).latest_invoice
    assert (subscription.status, draft.status, draft.number) == ("active", "draft", None)
    shop.advance(subscription.test_clock, at("2026-04-01T01:00"))
    invoice = fresh(shop, subscription).latest_invoice
    assert (invoice.status, invoice.due_date) == ("open", at("2026-05-01T01:00"))
    assert "invoice.sent" in shop.types()
    paid = shop.client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid, paid.amount_paid_off_stripe) == ("paid", 0, 2000)


# Schedules


def two_phases(shop: Shop, subscription: Any, quantity: int) -> Any:
    schedule = shop.client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    current, price = schedule.phases[0], item_of(subscription).price.id
    return shop.client.v1.subscription_schedules.update(schedule.id, {
        "end_behavior": "release", "proration_behavior": "none",
        "phases": [
            {
                "items": [{"price": price, "quantity": item_of(subscription).quantity}],
                "start_date": current.start_date, "end_date": current.end_date,
            },
            {
                "items": [{"price": price, "quantity": quantity}], "proration_behavior": "none",
                "duration": {"interval": "month", "interval_count": 1}, "metadata": {"seat_change_id": "d"},
            },
        ],
    })  # fmt: skip


def test_a_schedule_lowers_the_quantity_at_the_renewal_and_lets_go_a_period_later(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01", 10)
    schedule = two_phases(shop, subscription, 7)
    assert fresh(shop, subscription).schedule == schedule.id
    assert item_of(fresh(shop, subscription)).quantity == 10

    shop.advance(subscription.test_clock, at("2026-05-01T02:00"))

    lower = fresh(shop, subscription)
    assert (item_of(lower).quantity, lower.metadata["seat_change_id"]) == (7, "d")
    assert (lower.latest_invoice.total, lower.latest_invoice.status) == (7000, "paid")
    assert len(lower.latest_invoice.lines.data) == 1
    assert item_of(lower).id == item_of(subscription).id
    shop.advance(subscription.test_clock, at("2026-06-01T02:00"))
    free = fresh(shop, subscription)
    assert (free.schedule, item_of(free).quantity, free.latest_invoice.total) == (None, 7, 7000)
    ended = shop.client.v1.subscription_schedules.retrieve(schedule.id)
    assert (ended.status, ended.released_subscription) == ("released", subscription.id)


def test_a_released_schedule_changes_nothing(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01", 10)
    schedule = two_phases(shop, subscription, 7)

    shop.client.v1.subscription_schedules.release(schedule.id)
    shop.advance(subscription.test_clock, at("2026-05-01T02:00"))

    now = fresh(shop, subscription)
    assert (item_of(now).quantity, now.latest_invoice.total, now.schedule) == (10, 10000, None)
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.subscription_schedules.release(schedule.id)


def test_a_phase_drops_a_held_change(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01", 10, price={"unit_amount": 50000})
    two_phases(shop, subscription, 7)
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    shop.advance(subscription.test_clock, at("2026-04-30T12:00"))
    held = shop.change(subscription, 12)
    assert held.pending_update is not None

    shop.advance(subscription.test_clock, at("2026-05-01"))

    now = fresh(shop, subscription)
    assert (item_of(now).quantity, now.pending_update) == (7, None)
    assert shop.client.v1.invoices.retrieve(held.latest_invoice.id).status == "void"


@pytest.mark.parametrize(
    "params",
    [
        {"end_behavior": "release"},
        {"phases": [{"items": [{"price": "x"}], "start_date": "now"}]},
    ],
)
def test_from_subscription_stands_alone(shop: Shop, params: Any) -> None:
    subscription = started(shop, "2026-04-01")

    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.subscription_schedules.create({"from_subscription": subscription.id} | params)

    assert fresh(shop, subscription).schedule is None


def test_phases_must_follow_each_other_from_the_current_one(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01")
    schedule = shop.client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    item = {"price": item_of(subscription).price.id, "quantity": 1}
    start, end = schedule.phases[0].start_date, schedule.phases[0].end_date
    wrong: list[Any] = [
        [{"items": [item], "start_date": start + 1, "end_date": end}],
        [{"items": [item], "start_date": start, "end_date": start}],
        [{"items": [item], "start_date": start}],
        [{"items": [item], "start_date": start, "end_date": end}, {"items": [item], "start_date": end + 5}],
    ]

    for phases in wrong:
        with pytest.raises(stripe.InvalidRequestError):
            shop.client.v1.subscription_schedules.update(schedule.id, {"phases": phases})

    assert len(shop.client.v1.subscription_schedules.retrieve(schedule.id).phases) == 1
