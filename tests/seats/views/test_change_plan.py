"""Changing the plan and buying on credit, on pages and by API: the price first, the words right, one click."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.access.roles import _ROLES
from accounts.models import Membership, Role
from billing.mirror.refresh import refresh_subscription
from billing.models import Price, QuantityChange, Quote, Terms
from billing.quotes.quote_plan import quote_plan
from billing.terms.set_terms import set_terms
from seatportal.templatetags.portal import day
from seats.models import SeatPool
from tests.conftest import Funded, FundMaker, join
from tests.desk import Desk
from tests.integrator import integrator_of, problem

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]
State = QuantityChange.State


def text_of(response: object) -> str:
    """The page's words on one line."""
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


@pytest.fixture
def monthly(owner: Membership, fund: FundMaker, desk: Desk) -> Funded:
    """Ten flat monthly seats; a year at 15 % less, and one at 20 % less from twelve seats on; in dollars and euros."""
    desk.price("flat", "year", unit=51_000)
    desk.price("flat", "year", unit=48_000, minimum=12)
    desk.price("flat", "year", "eur", unit=51_000)
    return fund(owner, scheme="flat")


def test_the_saving_is_shown_before_the_price(monthly: Funded, client_of: ClientOf) -> None:
    text = text_of(client_of(monthly.owner).get(reverse("seats:change_plan", args=[monthly.account.slug])))

    assert text.count('name="price"') == 2
    assert "10 seats: <b>$5,100.00</b> per year" in text
    assert "You save $900.00 a year (15 %)" in text
    assert "12 seats: <b>$5,760.00</b> per year" in text
    assert "At least 12 seats" in text
    assert "€" not in text
    assert not Quote.objects.exists()


def test_switching_is_one_click_at_the_shown_price(monthly: Funded, client_of: ClientOf) -> None:
    client, slug = client_of(monthly.owner), monthly.account.slug
    price = Price.objects.get(unit_amount=51_000, currency="usd")
    assert reverse("seats:change_plan", args=[slug]) in text_of(client.get(reverse("billing:plan", args=[slug])))

    page = text_of(client.get(reverse("seats:change_plan", args=[slug]), {"price": price.public_id, "quantity": "10"}))
    quote = Quote.objects.get()
    assert f"Pay $4,600.00 and change to {price}" in page
    assert "10 seats are committed until" in page
    answer = client.post(reverse("seats:change_plan_pay", args=[slug]), {"quote_id": quote.public_id})

    change = QuantityChange.objects.get()
    assert answer["Location"] == reverse("seats:purchase", args=[slug, change.public_id])
    assert (change.kind, change.state, change.charged_total) == ("plan", State.APPLIED, 460_000)
    outcome = text_of(client.get(answer["Location"]))
    assert f"Your plan is {price} now" in outcome
    assert "0 seats added" not in outcome
    assert "Undo the purchase" not in outcome
    assert "10 seats until" in text_of(client.get(reverse("billing:plan", args=[slug])))
    assert "There is no other plan for you here" not in text_of(client.get(reverse("seats:change_plan", args=[slug])))


def test_a_plan_that_needs_more_seats_says_how_many(monthly: Funded, client_of: ClientOf) -> None:
    price = Price.objects.get(unit_amount=48_000)
    url = reverse("seats:change_plan", args=[monthly.account.slug])

    text = text_of(client_of(monthly.owner).get(url, {"price": price.public_id, "quantity": "10"}))

    assert "This plan starts at 12 seats." in text
    assert f'href="{url}?price={price.public_id}&amp;quantity=12"' in text
    assert not Quote.objects.exists()


def test_a_price_that_moved_is_asked_for_again(monthly: Funded, client_of: ClientOf) -> None:
    client, slug = client_of(monthly.owner), monthly.account.slug
    price = Price.objects.get(unit_amount=51_000, currency="usd")
    client.get(reverse("seats:change_plan", args=[slug]), {"price": price.public_id})
    quote = Quote.objects.get()
    Quote.objects.update(expires_at=timezone.now())

    answer = client.post(reverse("seats:change_plan_pay", args=[slug]), {"quote_id": quote.public_id})

    assert answer.status_code == 409
    assert "This price is no longer held." in text_of(answer)
    fresh = Quote.objects.latest("pk")
    assert fresh.pk != quote.pk
    assert f'value="{fresh.public_id}"' in text_of(answer)
    assert not QuantityChange.objects.exists()


def test_a_declined_switch_is_said_and_can_be_stopped(
    owner: Membership, fund: FundMaker, desk: Desk, client_of: ClientOf
) -> None:
    desk.price("flat", "year", unit=51_000)
    funded = fund(owner, scheme="flat", card="pm_card_chargeCustomerFail")
    client, slug = client_of(owner), funded.account.slug
    price = Price.objects.get(interval="year")
    client.get(reverse("seats:change_plan", args=[slug]), {"price": price.public_id})

    answer = client.post(reverse("seats:change_plan_pay", args=[slug]), {"quote_id": Quote.objects.get().public_id})
    waiting = text_of(client.get(answer["Location"]))
    elsewhere = text_of(client.get(reverse("seats:list", args=[slug])))
    change = QuantityChange.objects.get()
    client.post(reverse("seats:purchase_stop", args=[slug, change.public_id]))
    stopped = text_of(client.get(answer["Location"]))

    assert "Your card was declined. You were not charged and the plan stays as it is." in waiting
    assert "The change of plan waits for its payment" in elsewhere
    assert "0 seats" not in waiting + elsewhere + stopped
    assert "You were not charged and the plan stays as it is." in stopped
    assert f'href="{reverse("seats:change_plan", args=[slug])}"' in stopped
    assert funded.subscription.items.get().price.interval == "month"
    assert not Terms.objects.exists()


def test_the_api_quotes_and_orders_a_plan(monthly: Funded, now: datetime) -> None:
    acme = integrator_of(monthly.owner, now)
    prices = acme.get("prices").json()
    assert {(p["currency"], p["interval"], p["tiers"][0]["unit_amount"], p["minimum_seats"]) for p in prices} == {
        ("usd", "month", 5_000, 1),
        ("usd", "year", 51_000, 1),
        ("usd", "year", 48_000, 12),
    }
    yearly = next(p for p in prices if p["tiers"][0]["unit_amount"] == 51_000)

    quote = acme.post("plan-quotes", {"price_id": yearly["id"]})
    order = acme.post("orders", {"quote_id": quote.json()["id"]}, idempotency_key="a")

    assert (quote.status_code, quote.json()["kind"], quote.json()["total"]) == (201, "plan", 460_000)
    body = order.json()
    assert (order.status_code, body["kind"], body["state"], body["charged_due"]) == (201, "plan", "applied", 460_000)
    monthly_id = next(p["id"] for p in prices if p["interval"] == "month")
    back = acme.post("plan-quotes", {"price_id": monthly_id})
    assert (back.status_code, problem(back)["code"]) == (422, "commitment_in_force")
    few = acme.post("plan-quotes", {"price_id": next(p["id"] for p in prices if p["minimum_seats"] == 12)})
    assert (few.status_code, problem(few)["code"], problem(few)["minimum"]) == (422, "minimum_seats", 12)
    none = acme.post("plan-quotes", {"price_id": "prc_none"})
    assert (none.status_code, problem(none)["code"]) == (422, "plan_unavailable")


def test_who_only_buys_seats_changes_no_plan(
    monthly: Funded, now: datetime, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The price of a plan is accepted only by who may ask for it, at every door."""
    price = Price.objects.get(unit_amount=51_000, currency="usd")
    quote = quote_plan(account=monthly.account, actor=monthly.actor, price_id=price.public_id, quantity=None, at=now)
    buyer = integrator_of(monthly.owner, now, "seats.buy")
    bills = len(monthly.desk.invoices(monthly.stripe_id))

    refused = buyer.post("orders", {"quote_id": quote.public_id}, idempotency_key="a")
    # No role of today buys without managing; one of tomorrow must not slip through.
    monkeypatch.setitem(_ROLES, "viewer", frozenset({"seats.view", "seats.buy"}))
    viewer = join(monthly.account, "Vera", Role.VIEWER, now)
    page = client_of(viewer).post(reverse("seats:pay", args=[monthly.account.slug]), {"quote_id": quote.public_id})

    assert (refused.status_code, problem(refused)["capability"]) == (403, "billing.manage")
    assert page.status_code == 403
    assert not QuantityChange.objects.exists()
    assert not Terms.objects.exists()
    quote.refresh_from_db()
    assert quote.consumed_at is None
    refresh_subscription(stripe_id=monthly.stripe_id, at=now)
    assert monthly.subscription.items.get().price.interval == "month"
    assert len(monthly.desk.invoices(monthly.stripe_id)) == bills


@pytest.fixture
def invoiced(owner: Membership, fund: FundMaker, now: datetime) -> Funded:
    """Ten graduated seats, paid by invoice within 30 days, on credit up to 100.00."""
    funded = fund(owner, collection_method="send_invoice", days_until_due=30)
    [first] = funded.desk.invoices(funded.stripe_id)
    funded.desk.client.v1.invoices.pay(first["id"], {"paid_out_of_band": True})
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    set_terms(account=funded.account, reason="Net 30", actor=funded.actor, at=now, credit_limit=10_000)
    return funded


def test_an_invoice_customer_is_told_of_the_invoice_and_no_card(
    invoiced: Funded, client_of: ClientOf, now: datetime
) -> None:
    client, slug = client_of(invoiced.owner), invoiced.account.slug

    page = text_of(client.get(reverse("seats:add", args=[slug]), {"add": "2"}))

    quote = Quote.objects.get()
    due = day(quote.created_at + timedelta(days=30))
    assert f"Nothing is charged to a card. Due {due} (net 30)" in page
    assert "Add 2 seats and get an invoice of $80.00" in page
    assert "Charged today to" not in page
    assert 'name="po_number"' in page
    answer = client.post(reverse("seats:pay", args=[slug]), {"quote_id": quote.public_id, "po_number": "PO 17"})
    outcome = text_of(client.get(answer["Location"]))
    assert "2 seats added" in outcome
    assert f"Nothing is charged to a card. The invoice of $80.00 is due {due}." in outcome
    assert "PO 17" in outcome
    assert SeatPool.objects.get(account=invoiced.account).purchased == 12
    refused = text_of(client.get(reverse("seats:add", args=[slug]), {"add": "1"}))
    assert "Your credit limit is reached" in refused
    assert (
        "$80.00 is open on invoices; with $40.00 for this purchase it would be above your limit of $100.00." in refused
    )


def test_the_api_sells_on_credit_within_the_limit(invoiced: Funded, now: datetime) -> None:
    acme = integrator_of(invoiced.owner, now)
    quote = acme.post("quotes", {"add": 2}).json()

    order = acme.post("orders", {"quote_id": quote["id"], "po_number": "PO 17"}, idempotency_key="a").json()
    refused = acme.post("quotes", {"add": 1})

    assert (quote["on_credit"], quote["due_days"], quote["due_now"]) == (True, 30, 8_000)
    assert (order["state"], order["on_credit"], order["po_number"]) == ("applied", True, "PO 17")
    assert (refused.status_code, problem(refused)["code"]) == (409, "credit_limit_reached")
    assert (problem(refused)["limit"], problem(refused)["open"]) == (10_000, 8_000)


def test_a_card_customer_names_an_order_number_for_the_documents(funded: Funded, client_of: ClientOf) -> None:
    """Stripe takes no number along with a charge of a card, so it stands on the order's document."""
    client, slug = client_of(funded.owner), funded.account.slug
    page = text_of(client.get(reverse("seats:add", args=[slug]), {"add": "2"}))
    assert "Printed on the order’s document." in page

    client.post(reverse("seats:pay", args=[slug]), {"quote_id": Quote.objects.get().public_id, "po_number": "PO 17"})

    change = QuantityChange.objects.get()
    assert (change.state, change.po_number) == ("applied", "PO 17")
    assert "invoice_settings" not in change.params
    document = text_of(client.get(reverse("seats:order_document", args=[slug, change.public_id])))
    assert "<dt>Purchase order number</dt><dd>PO 17</dd>" in document


def test_the_next_step_and_the_credit_are_named(owner: Membership, fund: FundMaker, client_of: ClientOf) -> None:
    """F9: "1 more seat moves all seats to $40"; and adding across it gives a credit."""
    funded = fund(owner, scheme="volume", quantity=9)
    client, slug = client_of(owner), funded.account.slug

    near = text_of(client.get(reverse("seats:add", args=[slug]), {"add": "1"}))
    assert "1 more seat moves all seats to $40.00" in near
    text_of(client.get(reverse("seats:add", args=[slug]), {"add": "2"}))
    quote = Quote.objects.latest("pk")
    answer = client.post(reverse("seats:pay", args=[slug]), {"quote_id": quote.public_id})

    assert (quote.total, quote.amount_due) == (-1_000, 0)
    assert "Nothing was charged; $10.00 credit reduces your next invoice." in text_of(client.get(answer["Location"]))


def test_below_a_minimum_the_choice_names_another_plan(owner: Membership, desk: Desk, client_of: ClientOf) -> None:
    """F4: three seats on a plan from ten on: a message, a link, no dead end."""
    from billing.catalog.sync_catalog import sync_catalog

    desk.price("flat")
    desk.price("flat", "year", unit=48_000, minimum=10)
    sync_catalog()
    scale, team = Price.objects.get(unit_amount=48_000), Price.objects.get(unit_amount=5_000)

    answer = client_of(owner).post(
        reverse("billing:checkout", args=[owner.account.slug]),
        {"price": scale.public_id, "quantity": "3", "currency": "usd"},
    )

    text = text_of(answer)
    assert answer.status_code == 422
    assert "This plan starts at 10 seats. Choose at least as many, or a plan without a minimum." in text
    link = (
        f"{reverse('billing:plan', args=[owner.account.slug])}?currency=usd&amp;quantity=3&amp;price={team.public_id}"
    )
    assert f'href="{link}"' in text
    many = client_of(owner).post(
        reverse("billing:checkout", args=[owner.account.slug]),
        {"price": team.public_id, "quantity": "60", "currency": "usd"},
    )
    assert reverse("billing:offer", args=[owner.account.slug]) + "?quantity=60" in text_of(many)
