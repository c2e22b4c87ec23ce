"""The amounts that Stripe itself published, by the pure functions and by the running simulator."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.simulator.drawing import settlement
from billing.simulator.periods import Grid, first_anchor
from billing.simulator.pricing import full_amount, money
from billing.simulator.proration import Change, Debit, State, lines, rounded, share

from .conftest import Shop, item_of

CASES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "proration-cases.json").read_text())
STORIES: dict[str, Any] = {story["source"] + ": " + story.get("story", ""): story for story in CASES["stories"]}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize("case", CASES["lines"], ids=lambda case: f"{case['full']} to {case['line']}")
def test_published_lines(case: dict[str, Any]) -> None:
    start, end = case["period"]

    assert share(case["full"], start, end, case["at"]) == case["line"]


@pytest.mark.parametrize(
    ("exact", "whole"), [("5/2", 2), ("-5/2", -3), ("1/2", 0), ("-1/2", -1), ("7/3", 2), ("-7/3", -2), ("4", 4)]
)
def test_a_tie_goes_toward_minus_infinity(exact: str, whole: int) -> None:
    assert rounded(Fraction(exact)) == whole


def volume_price() -> dict[str, Any]:
    tiers = [{"up_to": 5, "unit_amount": 700}, {"up_to": 10, "unit_amount": 650}, {"up_to": None, "unit_amount": 600}]
    return {"billing_scheme": "tiered", "tiers_mode": "volume", "tiers": tiers, "currency_options": {}}


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [pair for story in CASES["stories"] for pair in story.get("quantity_to_amount", {}).items()],
)
def test_published_volume_tiers(quantity: str, amount: int) -> None:
    assert full_amount(volume_price(), int(quantity), "usd") == amount


SEED = [{"up_to": 10, "unit_amount": 5000}, {"up_to": None, "unit_amount": 4000}]


@pytest.mark.parametrize(
    ("quantity", "flat", "graduated", "volume"),
    [
        (9, 45000, 45000, 45000),
        (10, 50000, 50000, 50000),
        (11, 55000, 54000, 44000),
        (12, 60000, 58000, 48000),
        (50, 250000, 210000, 200000),
    ],
)
def test_the_three_price_models(quantity: int, flat: int, graduated: int, volume: int) -> None:
    base: dict[str, Any] = {"currency_options": {}, "transform_quantity": None}
    tiered = base | {"billing_scheme": "tiered", "tiers": SEED}

    assert full_amount(base | {"billing_scheme": "per_unit", "unit_amount": 5000}, quantity, "usd") == flat
    assert full_amount(tiered | {"tiers_mode": "graduated"}, quantity, "usd") == graduated
    assert full_amount(tiered | {"tiers_mode": "volume"}, quantity, "usd") == volume


def test_flat_amounts_packages_and_parts_of_a_cent() -> None:
    tiers = [{"up_to": 5, "flat_amount": 1000, "unit_amount": 100}, {"up_to": None, "flat_amount": 500}]
    tiered = {"billing_scheme": "tiered", "tiers": tiers, "currency_options": {}}
    package = {"divide_by": 5, "round": "up"}
    per_unit: dict[str, Any] = {"billing_scheme": "per_unit", "unit_amount": 900, "currency_options": {}}

    assert full_amount(tiered | {"tiers_mode": "graduated"}, 6, "usd") == 1000 + 500 + 500
    assert full_amount(tiered | {"tiers_mode": "volume"}, 6, "usd") == 500
    assert full_amount(per_unit | {"transform_quantity": package}, 6, "usd") == 1800
    down = package | {"round": "down"}
    assert full_amount(per_unit | {"transform_quantity": down}, 6, "usd") == 900
    decimal = per_unit | {"unit_amount": None, "unit_amount_decimal": "0.5", "transform_quantity": None}
    assert full_amount(decimal, 3, "usd") == Fraction(3, 2)


@pytest.mark.parametrize(
    ("total", "balance", "currency", "due", "ending"),
    [
        (29370, 0, "usd", 29370, 0),
        (29370, -20000, "usd", 9370, 0),
        (29370, -50000, "usd", 0, -20630),
        (-58739, 0, "usd", 0, -58739),
        (49, 0, "usd", 0, 49),
        (50, 0, "usd", 50, 0),
        (49, 0, "jpy", 0, 49),
        (50, 0, "jpy", 50, 0),
        (1000, 49, "eur", 1049, 0),
        (1000, -970, "usd", 0, 30),
        (0, 0, "usd", 0, 0),
    ],
)
def test_what_is_due_and_what_the_balance_keeps(total: int, balance: int, currency: str, due: int, ending: int) -> None:
    assert settlement(total, balance, currency) == (due, ending)


def test_months_keep_the_day_of_the_anchor() -> None:
    grid = Grid(at("2026-01-31T12:00"), "month", 1)

    days = [datetime.fromtimestamp(grid.boundary(number), UTC).strftime("%d.%m.") for number in range(5)]

    assert days == ["31.01.", "28.02.", "31.03.", "30.04.", "31.05."]
    assert grid.around(at("2026-02-28T11:59")) == (at("2026-01-31T12:00"), at("2026-02-28T12:00"))
    assert grid.around(at("2026-02-28T12:00")) == (at("2026-02-28T12:00"), at("2026-03-31T12:00"))
    assert Grid(at("2028-02-29T00:00"), "year", 1).boundary(1) == at("2029-02-28T00:00")
    assert Grid(at("2026-01-15T00:00"), "month", 3).boundary(1) == at("2026-04-15T00:00")
    assert first_anchor(at("2026-04-10T08:00"), 31, None, None, None) == at("2026-04-30T08:00")
    assert first_anchor(at("2026-12-31T08:00"), 31, 0, 0, 0) == at("2027-01-31T00:00")
    assert Grid(at("2026-04-30T08:00"), "month", 1, 31).boundary(1) == at("2026-05-31T08:00")


def test_amounts_for_people() -> None:
    assert [money(-1050, "usd"), money(500, "jpy"), money(123456, "eur"), money(100, "chf")] == [
        "-$10.50",
        "¥500",
        "€1,234.56",
        "1.00 CHF",
    ]


# The stories, on a test clock


def on_clock(shop: Shop, moment: int, price: str, quantity: int = 1, **fields: Any) -> Any:
    clock = shop.clock(moment)
    return shop.subscribe(shop.customer(clock=clock).id, price, quantity, **fields)


def to_price(shop: Shop, subscription: Any, price: str, behavior: str) -> Any:
    return shop.client.v1.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": item_of(subscription).id, "price": price, "quantity": 1}],
            "proration_behavior": behavior,
            "expand": ["latest_invoice"],
        },
    )


def test_ten_to_twenty_at_half_of_the_period(shop: Shop) -> None:
    story = STORIES["docs, how prorations work: 10.00 to 20.00 at half the period"]
    small, large = shop.price(1000).id, shop.price(2000).id
    subscription = on_clock(shop, at("2026-04-01"), small)
    shop.advance(subscription.test_clock, at("2026-04-16"))

    changed = to_price(shop, subscription, large, "always_invoice")

    assert [line.amount for line in changed.latest_invoice.lines.data] == story["lines"]
    assert changed.latest_invoice.total == story["total"]


def test_the_published_preview_with_create_prorations(shop: Shop) -> None:
    story = next(s for s in CASES["stories"] if s["source"] == "docs, preview JSON")
    start, _ = CASES["lines"][0]["period"]
    small, large = shop.price(1000).id, shop.price(3252).id
    subscription = on_clock(shop, start, small)
    moment = CASES["lines"][0]["at"]
    shop.advance(subscription.test_clock, moment)

    preview = shop.client.v1.invoices.create_preview(
        {
            "subscription": subscription.id,
            "subscription_details": {
                "items": [{"id": item_of(subscription).id, "price": large}],
                "proration_date": moment,
            },
        }
    )

    assert [line.amount for line in preview.lines.data] == [-166, 541, 3252]
    assert (preview.total, preview.amount_due) == (story["total"], story["amount_due"])


@pytest.mark.parametrize("mode", ["classic", "flexible"])
def test_raised_without_a_charge_then_lowered_with_one(shop: Shop, mode: str) -> None:
    wanted = next(s for s in CASES["stories"] if s["source"].endswith(f"billing_mode {mode}"))
    small, large = shop.price(1000).id, shop.price(2000).id
    subscription = on_clock(shop, at("2026-04-01"), small, billing_mode={"type": mode})
    shop.advance(subscription.test_clock, at("2026-04-11"))
    to_price(shop, subscription, large, "none")
    shop.advance(subscription.test_clock, at("2026-04-21"))

    lowered = to_price(shop, subscription, small, "always_invoice")

    assert lowered.latest_invoice.total == wanted["total"]
    assert [line.amount for line in lowered.latest_invoice.lines.data] == wanted.get("lines", [-333, 333])
    customer = shop.client.v1.customers.retrieve(subscription.customer)
    assert customer.balance == wanted["total"]


@pytest.mark.parametrize(
    ("behavior", "moment", "amount"),
    [("create_prorations", "2026-05-16T12:00", 25000), ("none", "2026-05-20", 20000)],
)
def test_the_next_invoice_after_a_raise(shop: Shop, behavior: str, moment: str, amount: int) -> None:
    assert amount in {story.get("next_invoice") for story in CASES["stories"]}
    small, large = shop.price(10000).id, shop.price(20000).id
    subscription = on_clock(shop, at("2026-05-01"), small)
    shop.advance(subscription.test_clock, at(moment))
    to_price(shop, subscription, large, behavior)

    shop.advance(subscription.test_clock, at("2026-06-01T02:00"))

    renewal = shop.client.v1.invoices.list({"subscription": subscription.id}).data[0]
    assert (renewal.billing_reason, renewal.total, renewal.status) == ("subscription_cycle", amount, "paid")


def test_the_recorded_seat_change(shop: Shop) -> None:
    case = next(line for line in CASES["lines"] if line["full"] == 3000)
    subscription = on_clock(shop, case["period"][0], shop.price(1000, name="X").id)
    shop.advance(subscription.test_clock, case["at"])

    preview = shop.preview(subscription, 3, proration_behavior="always_invoice", proration_date=case["at"])

    assert [line.amount for line in preview.lines.data] == [-3, case["line"]]
    assert [line.description for line in preview.lines.data] == [
        "Unused time on X after 21 Oct 2026",
        "Remaining time on 3 × X after 21 Oct 2026",
    ]


def test_a_subscription_is_flexible_unless_it_says_otherwise(shop: Shop) -> None:
    subscription = on_clock(shop, at("2026-04-01"), shop.price().id)

    assert subscription.billing_mode.type == "flexible"
    classic = shop.subscribe(subscription.customer, shop.price(name="Y").id, billing_mode={"type": "classic"})
    migrated = shop.client.v1.subscriptions.migrate(classic.id, {"billing_mode": {"type": "flexible"}})
    assert (classic.billing_mode.type, migrated.billing_mode.type) == ("classic", "flexible")


@given(
    st.lists(st.tuples(st.integers(1, 2_591_999), st.integers(1, 500)), min_size=1, max_size=8),
    st.integers(1, 99_999),
    st.booleans(),
)
def test_whatever_is_changed_the_period_costs_what_was_held(
    changes: list[tuple[int, int]], price: int, flexible: bool
) -> None:
    """Seats times their time is what all lines come to, but for half a minor unit for each line."""
    month = 2_592_000
    held = State("si", "p", "Seat", 5, Fraction(5 * price), 0, month, (Debit(5 * price, 0, month, 5, "p"),))
    billed, exact, since, count = 5 * price, Fraction(0), 0, 0
    for moment, quantity in sorted(changes):
        after = replace(held, quantity=quantity, full=Fraction(quantity * price), debits=())
        found = lines([Change(held, after)], moment, flexible=flexible)
        assert [line.credit for line in found] == [True, False]
        billed += sum(line.amount for line in found)
        count += len(found)
        exact += Fraction(held.quantity * price * (moment - since), month)
        since = moment
        held = replace(after, debits=(Debit(found[-1].amount, moment, month, quantity, "p"),))
    exact += Fraction(held.quantity * price * (month - since), month)

    # A flexible credit repeats the rounding of the debit that it takes back, so an error is counted at most twice.
    assert abs(billed - exact) <= count


def test_nothing_is_owed_in_a_trial() -> None:
    held = State("si", "p", "Seat", 5, Fraction(5000), 0, 100)

    assert lines([Change(held, replace(held, quantity=9))], 50, flexible=True, trial=True) == []
