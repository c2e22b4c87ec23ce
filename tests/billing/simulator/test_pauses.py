"""Trials and what ends them; subscriptions that are paused and resumed; collection that is paused."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Control, Shop, at, day, fresh, item_of, started


def trial(shop: Shop, behavior: str, card: str | None = None) -> Any:
    clock = shop.clock(at("2026-04-01"))
    return shop.subscribe(
        shop.customer(card, clock=clock).id, shop.price().id, 2, trial_period_days=14,
        trial_settings={"end_behavior": {"missing_payment_method": behavior}},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("behavior", "status", "invoices"),
    [("cancel", "canceled", ["paid"]), ("pause", "paused", ["paid"]), ("create_invoice", "past_due", ["open", "paid"])],
)
def test_a_trial_without_a_card_ends_as_was_agreed(shop: Shop, behavior: str, status: str, invoices: list[str]) -> None:
    subscription = trial(shop, behavior)
    assert (subscription.status, subscription.trial_end) == ("trialing", at("2026-04-15"))
    assert subscription.trial_settings.end_behavior.missing_payment_method == behavior

    shop.advance(subscription.test_clock, at("2026-04-15T02:00"))

    assert fresh(shop, subscription).status == status
    made = shop.client.v1.invoices.list({"subscription": subscription.id}).data
    assert [invoice.status for invoice in made] == invoices


@pytest.mark.parametrize("behavior", ["cancel", "pause", "create_invoice"])
def test_a_trial_with_a_card_goes_on(shop: Shop, behavior: str) -> None:
    subscription = trial(shop, behavior, "pm_card_visa")

    shop.advance(subscription.test_clock, at("2026-04-15T02:00"))

    now = fresh(shop, subscription)
    assert (now.status, now.latest_invoice.total, now.latest_invoice.status) == ("active", 2000, "paid")
    assert day(item_of(now).current_period_end) == "2026-05-15"


def test_a_trial_ends_at_once_when_asked(shop: Shop) -> None:
    subscription = trial(shop, "cancel", "pm_card_visa")
    shop.advance(subscription.test_clock, at("2026-04-05"))

    ended = shop.client.v1.subscriptions.update(subscription.id, {"trial_end": "now"})

    assert (ended.status, ended.trial_end) == ("active", at("2026-04-05"))
    assert day(item_of(ended).current_period_end) == "2026-05-05"
    assert fresh(shop, subscription).latest_invoice.total == 2000


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"trial_end": 1_700_000_000}, "trial_end"),
        ({"trial_end": at("2026-05-01"), "trial_period_days": 3}, "trial_end"),
        ({"trial_period_days": 731}, "trial_period_days"),
    ],
)
def test_a_trial_that_cannot_be(shop: Shop, params: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        started(shop, "2026-04-01", **params)

    assert refused.value.param == param
    assert shop.client.v1.subscriptions.list({"status": "all"}).data == []


# Paused and resumed


def test_a_paused_trial_says_why_and_is_resumed_into_a_new_period(shop: Shop) -> None:
    subscription = trial(shop, "pause")
    shop.advance(subscription.test_clock, at("2026-05-20"))
    paused = fresh(shop, subscription)
    assert paused.status_details.paused.subscription.type == "trial_end_without_payment_method"
    assert paused.status_details.paused.transitioned_at == at("2026-04-15")

    shop.card(subscription.customer, "pm_card_visa")
    resumed = shop.client.v1.subscriptions.resume(subscription.id)

    now = fresh(shop, subscription)
    assert (resumed.status, now.status, now.status_details) == ("active", "active", None)
    assert (now.latest_invoice.total, now.latest_invoice.status) == (2000, "paid")
    assert (day(item_of(now).current_period_start), day(now.billing_cycle_anchor)) == ("2026-05-20", "2026-05-20")
    kinds = [kind for kind in shop.types() if kind.endswith((".paused", ".resumed"))]
    assert kinds == ["customer.subscription.paused", "customer.subscription.resumed"]


def test_a_pause_credits_what_is_left_and_stops_renewals(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01", 2, price={"unit_amount": 3000})
    shop.advance(subscription.test_clock, at("2026-04-16"))

    paused = shop.client.v1.subscriptions.pause(subscription.id)

    assert (paused.status, paused.status_details.paused.subscription.type) == ("paused", "pause_requested")
    [credit] = shop.client.v1.invoice_items.list({"customer": subscription.customer, "pending": True}).data
    assert credit.amount == -3000
    shop.advance(subscription.test_clock, at("2026-06-10"))
    assert len(shop.client.v1.invoices.list({"subscription": subscription.id}).data) == 1

    resumed = shop.client.v1.subscriptions.resume(subscription.id)

    assert (resumed.status, day(item_of(resumed).current_period_end)) == ("active", "2026-07-10")
    assert fresh(shop, subscription).latest_invoice.total == 6000 - 3000


@pytest.mark.parametrize(("since", "total"), [("none", None), ("item_current_period_start", -6000), ("now", -3000)])
def test_a_pause_can_be_invoiced_at_once(shop: Shop, since: str, total: int | None) -> None:
    subscription = started(shop, "2026-04-01", 2, price={"unit_amount": 3000})
    shop.advance(subscription.test_clock, at("2026-04-16"))

    shop.client.v1.subscriptions.pause(
        subscription.id, {"invoicing_behavior": "invoice", "bill_for": {"unused_time_from": {"type": since}}}
    )

    totals = [invoice.total for invoice in shop.client.v1.invoices.list({"subscription": subscription.id}).data]
    assert totals == ([6000] if total is None else [total, 6000])
    assert shop.client.v1.customers.retrieve(subscription.customer).balance == (total or 0)


def test_a_resumption_keeps_the_anchor_when_asked(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01", 2, price={"unit_amount": 3000})
    shop.client.v1.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    shop.advance(subscription.test_clock, at("2026-06-16"))

    resumed = shop.client.v1.subscriptions.resume(
        subscription.id, {"billing_cycle_anchor": {"type": "unchanged"}, "proration_behavior": "always_invoice"}
    )

    assert (resumed.status, day(resumed.billing_cycle_anchor)) == ("active", "2026-04-01")
    assert (day(item_of(resumed).current_period_start), day(item_of(resumed).current_period_end)) == (
        "2026-06-01",
        "2026-07-01",
    )
    assert fresh(shop, subscription).latest_invoice.total == 3000


@pytest.mark.parametrize(
    ("behavior", "status"), [("resume_on_payment_attempt", "past_due"), ("resume_on_payment_success", "paused")]
)
def test_a_resumption_that_cannot_be_paid(shop: Shop, behavior: str, status: str) -> None:
    subscription = started(shop, "2026-04-01")
    shop.client.v1.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    shop.advance(subscription.test_clock, at("2026-06-01"))
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")

    resumed = shop.client.v1.subscriptions.resume(subscription.id, {"payment_behavior": behavior})

    assert resumed.status == status
    good = shop.card(subscription.customer, "pm_card_visa")
    shop.client.v1.invoices.pay(str(resumed.latest_invoice), {"payment_method": good})
    assert fresh(shop, subscription).status == "active"


def test_a_resumption_that_nobody_pays_stays_paused(shop: Shop) -> None:
    subscription = trial(shop, "pause")
    shop.advance(subscription.test_clock, at("2026-05-20"))
    waiting = shop.client.v1.subscriptions.resume(subscription.id)
    assert waiting.status == "paused"
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.subscriptions.resume(subscription.id)

    shop.advance(subscription.test_clock, at("2026-05-20T23:00"))

    now = fresh(shop, subscription)
    assert (now.status, now.latest_invoice.status) == ("paused", "void")


def test_who_cannot_be_paused(shop: Shop) -> None:
    scheduled, plain = started(shop, "2026-04-01"), started(shop, "2026-04-01")
    shop.client.v1.subscription_schedules.create({"from_subscription": scheduled.id})

    with pytest.raises(stripe.InvalidRequestError, match="schedule"):
        shop.client.v1.subscriptions.pause(scheduled.id)
    with pytest.raises(stripe.InvalidRequestError, match="paused"):
        shop.client.v1.subscriptions.resume(plain.id)

    assert {fresh(shop, scheduled).status, fresh(shop, plain).status} == {"active"}


# Collection that is paused


@pytest.mark.parametrize(
    ("behavior", "status"),
    [
        ("void", "void"),
        ("mark_uncollectible", "uncollectible"),
        ("keep_as_draft", "draft"),
    ],
)
def test_paused_collection(shop: Shop, behavior: str, status: str) -> None:
    subscription = started(shop, "2026-04-01")
    shop.client.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": behavior}})

    shop.advance(subscription.test_clock, at("2026-05-03"))

    now = fresh(shop, subscription)
    assert (now.status, now.latest_invoice.status) == ("active", status)


def test_collection_begins_again_on_its_day(shop: Shop, control: Control) -> None:
    subscription = started(shop, "2026-04-01")
    shop.client.v1.subscriptions.update(
        subscription.id, {"pause_collection": {"behavior": "void", "resumes_at": at("2026-05-15")}}
    )

    shop.advance(subscription.test_clock, at("2026-06-02"))

    now = fresh(shop, subscription)
    assert (now.pause_collection, now.latest_invoice.status) == (None, "paid")
    voided = shop.client.v1.invoices.list({"subscription": subscription.id, "status": "void"}).data
    assert [day(invoice.created) for invoice in voided] == ["2026-05-01"]
