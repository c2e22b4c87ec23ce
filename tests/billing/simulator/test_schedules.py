"""Schedules: made of phases, followed, changed, previewed, ended; and changes of a subscription beside its schedule."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Control, Shop, at, day, fresh, item_of, started

MONTH = {"interval": "month", "interval_count": 1}


@pytest.fixture
def buyer(shop: Shop) -> Any:
    """A customer on a test clock that stands at 1 April 2026."""
    return shop.customer(clock=shop.clock(at("2026-04-01")))


def phase(price: str, quantity: int, **fields: Any) -> dict[str, Any]:
    return {"items": [{"price": price, "quantity": quantity}], "duration": MONTH} | fields


def made(shop: Shop, buyer: Any, price: str, *phases: dict[str, Any], **fields: Any) -> Any:
    return shop.client.v1.subscription_schedules.create({"customer": buyer.id, "phases": list(phases)} | fields)


def quantities(shop: Shop, buyer: Any) -> list[int]:
    """Of the invoices, oldest first."""
    found = shop.client.v1.invoices.list({"customer": buyer.id}).data[::-1]
    return [invoice.lines.data[0].quantity for invoice in found]


def read(shop: Shop, schedule: Any) -> Any:
    return shop.client.v1.subscription_schedules.retrieve(schedule.id, {"expand": ["subscription"]})


def test_a_schedule_makes_its_subscription_and_goes_from_phase_to_phase(shop: Shop, buyer: Any) -> None:
    price = shop.price().id
    schedule = made(
        shop, buyer, price, phase(price, 2, metadata={"phase": "one", "kept": "yes"}),
        phase(price, 5, metadata={"phase": "two"}), end_behavior="release",
    )  # fmt: skip
    first = read(shop, schedule).subscription
    assert (schedule.status, first.status, item_of(first).quantity) == ("active", "active", 2)
    assert first.metadata.to_dict() == {"phase": "one", "kept": "yes"}

    shop.advance(buyer.test_clock, at("2026-05-01T02:00"))
    second = read(shop, schedule).subscription
    assert (item_of(second).quantity, second.metadata.to_dict()) == (5, {"phase": "two", "kept": "yes"})
    shop.advance(buyer.test_clock, at("2026-07-02"))

    assert quantities(shop, buyer) == [2, 5, 5, 5]
    ended = read(shop, schedule)
    assert (ended.status, ended.released_subscription, ended.subscription) == ("released", first.id, None)


def test_a_schedule_waits_for_its_start(shop: Shop, buyer: Any) -> None:
    price = shop.price().id
    schedule = made(shop, buyer, price, phase(price, 3), start_date=at("2026-04-10"))
    assert (schedule.status, schedule.subscription, schedule.current_phase) == ("not_started", None, None)
    assert [s.id for s in shop.client.v1.subscription_schedules.list({"scheduled": True}).data] == [schedule.id]

    shop.advance(buyer.test_clock, at("2026-04-11"))

    begun = read(shop, schedule)
    assert (begun.status, day(begun.subscription.start_date), item_of(begun.subscription).quantity) == (
        "active", "2026-04-10", 3,
    )  # fmt: skip


def test_a_schedule_that_never_began_is_canceled(shop: Shop, buyer: Any) -> None:
    price = shop.price().id
    schedule = made(shop, buyer, price, phase(price, 3), start_date=at("2026-04-10"))

    assert shop.client.v1.subscription_schedules.cancel(schedule.id).status == "canceled"

    shop.advance(buyer.test_clock, at("2026-04-11"))
    assert shop.client.v1.subscriptions.list({"customer": buyer.id, "status": "all"}).data == []


def test_the_last_phase_can_be_the_end(shop: Shop, buyer: Any) -> None:
    price = shop.price().id
    schedule = made(shop, buyer, price, phase(price, 3), end_behavior="cancel")

    shop.advance(buyer.test_clock, at("2026-05-02"))

    ended = read(shop, schedule)
    assert (ended.status, day(ended.completed_at), ended.subscription.status) == ("completed", "2026-05-01", "canceled")
    assert quantities(shop, buyer) == [3]


def test_canceling_gives_back_what_is_left(shop: Shop, buyer: Any) -> None:
    price = shop.price(3000).id
    schedule = made(shop, buyer, price, phase(price, 2))
    shop.advance(buyer.test_clock, at("2026-04-16"))

    shop.client.v1.subscription_schedules.cancel(schedule.id)

    ended = read(shop, schedule)
    assert (ended.status, ended.subscription.status) == ("canceled", "canceled")
    assert shop.client.v1.customers.retrieve(buyer.id).balance == -3000


def test_a_subscription_lost_to_dunning_aborts_its_schedule(shop: Shop, control: Control) -> None:
    control("POST", "settings", after_last_retry="cancel", retry_after_days=[])
    subscription = started(shop, "2026-04-01")
    schedule = shop.client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    price = item_of(subscription).price.id
    shop.client.v1.subscription_schedules.update(schedule.id, {"phases": [
        {"items": [{"price": price, "quantity": 2}], "start_date": at("2026-04-01"), "end_date": at("2026-06-01")},
    ]})  # fmt: skip
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")

    shop.advance(subscription.test_clock, at("2026-05-02"))

    assert (fresh(shop, subscription).status, read(shop, schedule).status) == ("canceled", "canceled")
    assert "subscription_schedule.aborted" in shop.types()
    assert "subscription_schedule.canceled" not in shop.types()


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"phases": [{"items": [{"price": "PRICE"}], "iterations": 2}]}, "phases[0][iterations]"),
        ({"phases": [{"items": [{"price": "PRICE"}]}]}, "phases[0][end_date]"),
        ({"phases": [{"items": [{"price": "PRICE"}], "duration": MONTH, "end_date": at("2026-06-01")}]},
         "phases[0][duration]"),
        ({"phases": [{"items": [{"price": "PRICE"}], "end_date": at("2026-03-01")}]}, "phases[0][end_date]"),
        ({"phases": [{"items": [{"price": "price_x"}], "duration": MONTH}]}, "phases[0][items][0][price]"),
        ({"phases": [{"items": [{"price": "PRICE"}], "duration": MONTH, "trial_end": at("2027-01-01")}]},
         "phases[0][trial_end]"),
        ({}, "phases"),
        ({"phases": [{"items": [{"price": "PRICE"}], "duration": MONTH}], "end_behavior": "stop"}, "end_behavior"),
    ],
)  # fmt: skip
def test_phases_that_cannot_be(shop: Shop, buyer: Any, params: Any, param: str) -> None:
    price = shop.price().id
    for spec in params.get("phases", ()):
        spec["items"][0]["price"] = spec["items"][0]["price"].replace("PRICE", price)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.subscription_schedules.create({"customer": buyer.id} | params)

    assert refused.value.param == param
    assert shop.client.v1.subscription_schedules.list().data == []
    assert shop.client.v1.subscriptions.list({"status": "all"}).data == []


def test_a_trial_phase(shop: Shop, buyer: Any) -> None:
    price = shop.price().id
    schedule = made(shop, buyer, price, phase(price, 3, trial=True), phase(price, 3))
    assert read(shop, schedule).subscription.status == "trialing"

    shop.advance(buyer.test_clock, at("2026-05-01T02:00"))

    assert read(shop, schedule).subscription.status == "active"
    assert [invoice.total for invoice in shop.client.v1.invoices.list({"customer": buyer.id}).data] == [3000, 0]


@pytest.mark.parametrize(
    ("behavior", "billed", "waiting"),
    [("always_invoice", 1500, []), ("create_prorations", None, [3000, -1500]), ("none", None, [])],
)
def test_the_current_phase_can_be_changed(
    shop: Shop, buyer: Any, behavior: str, billed: int | None, waiting: list[int]
) -> None:
    price = shop.price(3000).id
    schedule = made(shop, buyer, price, phase(price, 1), phase(price, 7))
    shop.advance(buyer.test_clock, at("2026-04-16"))
    start, end = schedule.phases[0].start_date, schedule.phases[0].end_date

    shop.client.v1.subscription_schedules.update(schedule.id, {
        "proration_behavior": behavior,
        "phases": [
            {"items": [{"price": price, "quantity": 2}], "start_date": start, "end_date": end},
            phase(price, 7),
        ],
    })  # fmt: skip

    subscription = read(shop, schedule).subscription
    assert item_of(subscription).quantity == 2
    latest = shop.client.v1.invoices.retrieve(subscription.latest_invoice)
    assert latest.total == (3000 if billed is None else billed)
    pending = shop.client.v1.invoice_items.list({"customer": buyer.id, "pending": True}).data
    assert [item.amount for item in pending] == waiting


def test_a_phase_without_discounts_has_none(shop: Shop, buyer: Any) -> None:
    price = shop.price().id
    coupon = shop.client.v1.coupons.create({"percent_off": 50, "duration": "forever"}).id
    schedule = made(
        shop, buyer, price, phase(price, 2, discounts=[{"coupon": coupon}]),
        phase(price, 2, discounts=[{"coupon": coupon}]), phase(price, 2),
    )  # fmt: skip

    shop.advance(buyer.test_clock, at("2026-06-01T02:00"))

    totals = [invoice.total for invoice in shop.client.v1.invoices.list({"customer": buyer.id}).data[::-1]]
    assert totals == [1000, 1000, 2000]
    assert read(shop, schedule).phases[0].discounts[0].coupon == coupon


# Previews


def test_a_preview_of_a_schedule_is_its_next_renewal(shop: Shop, buyer: Any) -> None:
    price = shop.price().id
    schedule = made(shop, buyer, price, phase(price, 2), phase(price, 5))

    preview = shop.client.v1.invoices.create_preview({"schedule": schedule.id})

    assert (preview.total, preview.lines.data[0].quantity) == (5000, 5)
    shop.advance(buyer.test_clock, at("2026-05-01T02:00"))
    latest = shop.client.v1.invoices.retrieve(read(shop, schedule).subscription.latest_invoice)
    assert (latest.total, latest.amount_due) == (preview.total, preview.amount_due)


def test_a_change_of_a_schedule_can_be_previewed(shop: Shop, buyer: Any) -> None:
    price = shop.price(3000).id
    schedule = made(shop, buyer, price, phase(price, 1), phase(price, 4))
    shop.advance(buyer.test_clock, at("2026-04-16"))
    start, end = schedule.phases[0].start_date, schedule.phases[0].end_date
    now: Any = {"items": [{"price": price, "quantity": 2}], "start_date": start, "end_date": end}
    later: Any = [
        {"items": [{"price": price, "quantity": 1}], "start_date": start, "end_date": end}, phase(price, 9),
    ]  # fmt: skip

    def preview(**details: Any) -> Any:
        return shop.client.v1.invoices.create_preview({"schedule": schedule.id, "schedule_details": details})

    immediate = preview(phases=[now, phase(price, 4)], proration_behavior="always_invoice")
    assert immediate.total == 1500
    assert preview(phases=later).total == 27000
    with pytest.raises(stripe.InvalidRequestError) as nothing:
        preview(phases=[now], proration_behavior="none", end_behavior="cancel")
    assert nothing.value.code == "invoice_upcoming_none"
    assert item_of(read(shop, schedule).subscription).quantity == 1

    shop.client.v1.subscription_schedules.update(
        schedule.id, {"phases": [now, phase(price, 4)], "proration_behavior": "always_invoice"}
    )
    charged = shop.client.v1.invoices.retrieve(read(shop, schedule).subscription.latest_invoice)
    assert (charged.total, charged.amount_due) == (immediate.total, immediate.amount_due)


def test_a_schedule_that_does_not_exist_yet_can_be_previewed(shop: Shop, buyer: Any) -> None:
    price = shop.price().id

    preview = shop.client.v1.invoices.create_preview(
        {"customer": buyer.id, "schedule_details": {"phases": [phase(price, 3)]}}
    )

    assert preview.total == 3000
    assert shop.client.v1.subscriptions.list({"status": "all"}).data == []


# A subscription that is changed beside its schedule


def test_a_change_beside_the_schedule_stays_until_the_next_phase(shop: Shop, buyer: Any) -> None:
    price = shop.price(3000).id
    schedule = made(shop, buyer, price, phase(price, 1), phase(price, 4))
    shop.advance(buyer.test_clock, at("2026-04-16"))

    shop.change(read(shop, schedule).subscription, 2)

    assert read(shop, schedule).phases[0]["items"][0].quantity == 2
    shop.advance(buyer.test_clock, at("2026-05-02"))
    assert item_of(read(shop, schedule).subscription).quantity == 4


@pytest.mark.parametrize("params", [{"cancel_at_period_end": True}, {"cancel_at": at("2026-04-20")}])
def test_the_end_of_a_scheduled_subscription_is_its_schedules(shop: Shop, buyer: Any, params: Any) -> None:
    price = shop.price().id
    schedule = made(shop, buyer, price, phase(price, 1))

    with pytest.raises(stripe.InvalidRequestError, match="managed by the subscription schedule"):
        shop.client.v1.subscriptions.update(read(shop, schedule).subscription.id, params)

    assert read(shop, schedule).subscription.cancel_at is None
