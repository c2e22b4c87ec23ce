"""What follows a payment that does not come, as the account's settings say."""

from __future__ import annotations

import urllib.error
from typing import Any

import pytest
import stripe

from .conftest import DAY, Control, Shop, at, fresh, item_of, started


def unpaid_renewal(shop: Shop, **fields: Any) -> Any:
    """A monthly subscription whose card fails from its first renewal, 1 May 01:00, on."""
    subscription = started(shop, "2026-04-01", **fields)
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    return subscription


def sent(shop: Shop, **fields: Any) -> Any:
    """A monthly subscription paid by invoice within 10 days; its first invoice goes out on 1 April at 01:00."""
    clock = shop.clock(at("2026-04-01"))
    customer = shop.customer(None, clock=clock)
    return shop.subscribe(
        customer.id, shop.price().id, 3, **({"collection_method": "send_invoice", "days_until_due": 10} | fields)
    )


@pytest.mark.parametrize(
    ("after", "status", "reason"),
    [("past_due", "past_due", None), ("unpaid", "unpaid", None), ("cancel", "canceled", "payment_failed")],
)
def test_the_last_retry_decides(shop: Shop, control: Control, after: str, status: str, reason: str | None) -> None:
    control("POST", "settings", after_last_retry=after)
    subscription = unpaid_renewal(shop)

    shop.advance(subscription.test_clock, at("2026-05-16T00:59"))
    assert fresh(shop, subscription).status == "past_due"
    shop.advance(subscription.test_clock, at("2026-05-16T01:00"))

    now = fresh(shop, subscription)
    assert (now.status, now.cancellation_details.reason) == (status, reason)
    assert (now.latest_invoice.status, now.latest_invoice.attempt_count) == ("open", 4)
    assert now.latest_invoice.next_payment_attempt is None
    assert now.latest_invoice.auto_advance is (after != "cancel")
    assert ("customer.subscription.deleted" in shop.types()) is (after == "cancel")


def test_the_retry_schedule_is_the_accounts(shop: Shop, control: Control) -> None:
    control("POST", "settings", retry_after_days=[1], after_last_retry="unpaid")
    subscription = unpaid_renewal(shop)

    shop.advance(subscription.test_clock, at("2026-05-01T02:00"))
    first = fresh(shop, subscription)
    shop.advance(subscription.test_clock, at("2026-05-02T02:00"))
    second = fresh(shop, subscription)

    assert (first.status, first.latest_invoice.next_payment_attempt) == ("past_due", at("2026-05-02T01:00"))
    assert (second.status, second.latest_invoice.attempt_count) == ("unpaid", 2)


def test_an_unpaid_subscription_makes_drafts_and_the_latest_payment_restores_it(shop: Shop, control: Control) -> None:
    control("POST", "settings", after_last_retry="unpaid")
    subscription = unpaid_renewal(shop)
    shop.advance(subscription.test_clock, at("2026-06-02"))

    later = fresh(shop, subscription)
    assert (later.status, later.latest_invoice.status, later.latest_invoice.auto_advance) == ("unpaid", "draft", False)
    older = shop.client.v1.invoices.list({"subscription": subscription.id, "status": "open"}).data[0]
    good = shop.card(subscription.customer, "pm_card_visa")
    shop.client.v1.invoices.pay(older.id, {"payment_method": good})
    assert fresh(shop, subscription).status == "unpaid"

    shop.client.v1.invoices.pay(later.latest_invoice.id, {"payment_method": good})

    assert fresh(shop, subscription).status == "active"
    shop.advance(subscription.test_clock, at("2026-07-02"))
    assert fresh(shop, subscription).latest_invoice.status == "paid"


def test_an_uncollectible_invoice_is_the_accounts_choice(shop: Shop, control: Control) -> None:
    control("POST", "settings", after_last_retry="cancel", invoice_after_last_retry="uncollectible")
    subscription = unpaid_renewal(shop)

    shop.advance(subscription.test_clock, at("2026-05-20"))

    now = fresh(shop, subscription)
    assert (now.status, now.latest_invoice.status) == ("canceled", "uncollectible")
    assert now.latest_invoice.status_details.uncollectible.reason == "max_payment_attempts"
    assert now.latest_invoice.status_transitions.marked_uncollectible_at == at("2026-05-16T01:00")


@pytest.mark.parametrize("how", ["void_invoice", "mark_uncollectible"])
def test_a_late_subscription_is_active_again_without_the_invoice_it_owes(shop: Shop, how: str) -> None:
    subscription = unpaid_renewal(shop)
    shop.advance(subscription.test_clock, at("2026-05-02"))
    late = fresh(shop, subscription)
    assert late.status == "past_due"

    getattr(shop.client.v1.invoices, how)(late.latest_invoice.id)

    assert fresh(shop, subscription).status == "active"


def test_a_voided_change_leaves_a_late_subscription_late(shop: Shop) -> None:
    subscription = unpaid_renewal(shop, price={"unit_amount": 50000})
    shop.advance(subscription.test_clock, at("2026-05-02"))
    held = shop.change(subscription, 9)

    shop.client.v1.invoices.void_invoice(held.latest_invoice.id)

    assert fresh(shop, subscription).status == "past_due"


@pytest.mark.parametrize("wished", [True, False])
def test_a_new_default_card_is_tried_where_the_account_wishes_so(shop: Shop, control: Control, wished: bool) -> None:
    control("POST", "settings", retry_on_new_card=wished)
    subscription = unpaid_renewal(shop)
    shop.advance(subscription.test_clock, at("2026-05-02"))
    owed = fresh(shop, subscription).latest_invoice

    shop.card(subscription.customer, "pm_card_visa")

    now = fresh(shop, subscription)
    assert (now.status, now.latest_invoice.status) == (("active", "paid") if wished else ("past_due", "open"))
    assert now.latest_invoice.attempt_count == owed.attempt_count == 1


def test_a_second_bad_card_moves_no_retry(shop: Shop, control: Control) -> None:
    control("POST", "settings", retry_on_new_card=True)
    subscription = unpaid_renewal(shop)
    shop.advance(subscription.test_clock, at("2026-05-02"))

    shop.card(subscription.customer, "pm_card_chargeCustomerFail")

    invoice = fresh(shop, subscription).latest_invoice
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (1, at("2026-05-04T01:00"))
    assert shop.types().count("invoice.payment_failed") == 2


# Invoices that are sent


def test_a_sent_invoice_goes_from_draft_to_open_to_paid(shop: Shop) -> None:
    subscription = sent(shop)
    draft = fresh(shop, subscription).latest_invoice
    assert (draft.status, draft.collection_method, draft.due_date) == ("draft", "send_invoice", at("2026-04-11"))

    shop.advance(subscription.test_clock, at("2026-04-01T01:00"))
    opened = fresh(shop, subscription).latest_invoice
    assert (opened.status, opened.due_date, opened.total) == ("open", at("2026-04-11T01:00"), 3000)
    assert shop.types().count("invoice.sent") == 1
    shop.client.v1.invoices.pay(opened.id, {"paid_out_of_band": True})

    shop.advance(subscription.test_clock, at("2026-04-30"))
    now = fresh(shop, subscription)
    assert (now.status, now.latest_invoice.status) == ("active", "paid")
    assert "invoice.overdue" not in shop.types()


def test_a_sent_invoice_is_late_told_of_and_given_up(shop: Shop, control: Control) -> None:
    control("POST", "settings", invoice_will_be_due_days=3, invoice_overdue_days=2, overdue_deadline_days=5,
            after_overdue_deadline="unpaid", invoice_upcoming_days=None)  # fmt: skip
    subscription = sent(shop)

    def after(moment: str) -> tuple[str, list[str]]:
        shop.advance(subscription.test_clock, at(moment))
        return fresh(shop, subscription).status, [t for t in shop.types() if "due" in t]

    assert after("2026-04-08T00:59") == ("active", [])
    assert after("2026-04-08T01:00") == ("active", ["invoice.will_be_due"])
    assert after("2026-04-11T01:00") == ("past_due", ["invoice.will_be_due"])
    assert after("2026-04-13T01:00") == ("past_due", ["invoice.will_be_due", "invoice.overdue"])
    assert after("2026-04-16T01:00") == ("unpaid", ["invoice.will_be_due", "invoice.overdue"])

    shop.client.v1.invoices.pay(fresh(shop, subscription).latest_invoice.id, {"paid_out_of_band": True})
    assert fresh(shop, subscription).status == "active"


def test_a_customer_who_pays_by_invoice_gets_the_quantity_at_once(shop: Shop) -> None:
    subscription = sent(shop)
    shop.advance(subscription.test_clock, at("2026-04-16"))

    changed = shop.client.v1.subscriptions.update(
        subscription.id,
        {"items": [{"id": item_of(subscription).id, "quantity": 5}], "proration_behavior": "always_invoice"},
    )

    invoice = fresh(shop, subscription).latest_invoice
    assert (item_of(changed).quantity, changed.pending_update) == (5, None)
    assert (invoice.status, invoice.total, invoice.due_date) == ("open", 1000, at("2026-04-26"))
    assert shop.types().count("invoice.sent") == 2


def test_a_change_cannot_be_held_for_a_customer_who_pays_by_invoice(shop: Shop) -> None:
    subscription = sent(shop)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.change(subscription, 5)

    assert refused.value.param == "payment_behavior"
    assert item_of(fresh(shop, subscription)).quantity == 3


# The settings


def test_the_settings_are_read_and_forgotten_with_everything_else(shop: Shop, control: Control) -> None:
    before = control("GET", "settings")
    assert before["retry_after_days"] == [3, 5, 7]
    assert control("POST", "settings", overdue_deadline_days=None)["overdue_deadline_days"] is None
    control("POST", "reset")
    assert control("GET", "settings") == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"after_last_retry": "forgive"},
        {"retry_after_days": 3},
        {"retry_after_days": [0]},
        {"invoice_upcoming_days": -1},
        {"retry_on_new_card": "yes"},
        {"colour": "red"},
    ],
)
def test_a_setting_that_does_not_exist_is_refused(control: Control, wrong: dict[str, Any]) -> None:
    control("POST", "reset")
    before = control("GET", "settings")

    with pytest.raises(urllib.error.HTTPError) as refused:
        control("POST", "settings", **wrong)

    assert refused.value.code == 400
    refused.value.close()
    assert control("GET", "settings") == before


# Notices


def times(shop: Shop, type: str) -> list[int]:
    return [event.created for event in shop.client.v1.events.list({"type": type, "limit": 100}).data][::-1]


def test_a_renewal_is_announced_a_week_before(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01")

    shop.advance(subscription.test_clock, at("2026-06-01"))

    assert times(shop, "invoice.upcoming") == [at("2026-04-24"), at("2026-05-25")]
    [_, first] = shop.client.v1.events.list({"type": "invoice.upcoming"}).data
    invoice = first.data.object
    assert (invoice.total, invoice.parent.subscription_details.subscription) == (2000, subscription.id)


def test_no_renewal_is_announced_of_a_subscription_that_ends(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01", cancel_at_period_end=True)

    shop.advance(subscription.test_clock, at("2026-06-01"))

    assert times(shop, "invoice.upcoming") == []


@pytest.mark.parametrize(("days", "told"), [(14, "2026-04-12"), (2, "2026-04-01")])
def test_the_end_of_a_trial_is_announced_three_days_before(shop: Shop, days: int, told: str) -> None:
    subscription = started(shop, "2026-04-01", trial_period_days=days)

    shop.advance(subscription.test_clock, at("2026-04-01") + days * DAY)

    assert times(shop, "customer.subscription.trial_will_end") == [at(told)]


def test_a_longer_trial_is_announced_again(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01", trial_period_days=4)
    shop.advance(subscription.test_clock, at("2026-04-03"))

    shop.client.v1.subscriptions.update(subscription.id, {"trial_end": at("2026-04-20")})
    shop.advance(subscription.test_clock, at("2026-04-19"))

    assert times(shop, "customer.subscription.trial_will_end") == [at("2026-04-02"), at("2026-04-17")]


def test_a_schedule_that_ends_is_announced_a_week_before(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01")
    shop.client.v1.subscription_schedules.create({"from_subscription": subscription.id})

    shop.advance(subscription.test_clock, at("2026-04-30"))

    assert times(shop, "subscription_schedule.expiring") == [at("2026-04-24")]
