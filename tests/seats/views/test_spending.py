"""What may be bought without approval, in the browser: set by those who may, and held where people buy."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Role
from billing.catalog.sync_catalog import sync_catalog
from billing.models import ApprovalStep, BuyingPolicy, CheckoutSession, Price, QuantityChange, Quote
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.approvers import Step, chain_of
from billing.terms.set_buying_policy import set_buying_policy
from tests.conftest import Funded, FundMaker, join
from tests.desk import Desk
from tests.integrator import Integrator, integrator_of, problem
from tests.seats.views.test_add_seats import at, text_of, untouched

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


def save(client: Client, funded: Funded, **typed: str) -> object:
    """Send the form of the allowance."""
    return client.post(at("spending_allowance", funded.account), {"joiners": "wait", **typed})


def test_the_page_says_that_nothing_is_limited(funded: Funded, client_of: ClientOf) -> None:
    page = text_of(client_of(funded.owner).get(at("spending", funded.account)))
    assert "No limit is set: whoever may buy seats buys at once." in page
    assert "Amount a month without approval in USD" in page


def test_an_allowance_is_saved_in_minor_units(funded: Funded, client_of: ClientOf) -> None:
    client = client_of(funded.owner)
    answer = save(client, funded, seats="3", amount="80.50", reason="Budget")
    assert answer.status_code == 302  # type: ignore[attr-defined]
    policy = BuyingPolicy.objects.get()
    assert (policy.seats, policy.amount, policy.currency, policy.joiners) == (3, 8050, "usd", "wait")
    entry = AuditEntry.objects.get(action="buying_policy.changed")
    assert (entry.summary, entry.data["new"]["amount"]) == ("Budget", 8050)
    page = text_of(client.get(at("spending", funded.account)))
    assert "3 seats for up to $80.50 may still be bought without approval." in page
    assert 'value="80.50"' in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"seats": "-1"}, "greater than or equal to 0"),
        ({"amount": "1.234"}, "no more than 2 decimal places"),
        ({"joiners": "buy"}, "Seats are bought for joiners only within an allowance."),
        ({"joiners": "perhaps"}, "Select a valid choice"),
    ],
)
def test_what_makes_no_sense_is_said_and_not_saved(
    funded: Funded, client_of: ClientOf, typed: dict[str, str], says: str
) -> None:
    answer = save(client_of(funded.owner), funded, **typed)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert says in text_of(answer)
    assert not BuyingPolicy.objects.exists()


def test_a_chain_is_typed_with_addresses(funded: Funded, admin_member: Membership, client_of: ClientOf) -> None:
    client = client_of(funded.owner)
    typed = {
        "step1-role": "admin",
        "step1-people": admin_member.user.email.upper(),
        "step2-role": "billing",
        "step2-from_amount": "50",
    }
    assert client.post(at("spending_chain", funded.account), typed).status_code == 302
    assert chain_of(funded.account) == [
        Step(1, ApprovalStep.Role.ADMIN, frozenset([admin_member.pk]), 0),
        Step(2, ApprovalStep.Role.BILLING, frozenset(), 5000),
    ]
    assert f'value="{admin_member.user.email}"' in text_of(client.get(at("spending", funded.account)))

    wrong = client.post(at("spending_chain", funded.account), {"step1-role": "admin", "step1-people": "x@y.example"})
    assert wrong.status_code == 422
    assert "No member has this address: x@y.example" in text_of(wrong)
    assert len(chain_of(funded.account)) == 2


def test_who_may_not_change_rules_sees_none(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    client = client_of(join(funded.account, "Bea", Role.BILLING, now))
    assert client.get(at("spending", funded.account)).status_code == 403
    assert save(client, funded, seats="9").status_code == 403  # type: ignore[attr-defined]
    assert not BuyingPolicy.objects.exists()


def test_above_the_allowance_the_page_says_why_and_who(
    funded: Funded, admin_member: Membership, client_of: ClientOf
) -> None:
    client = client_of(funded.owner)
    save(client, funded, seats="1")
    below = text_of(client.get(at("add", funded.account), {"add": "1"}))
    assert "Pay $40.00 and add 1 seat<" in below
    assert "This purchase needs an approval" not in below

    above = text_of(client.get(at("add", funded.account), {"add": "2"}))
    assert "This purchase needs an approval" in above
    assert "1 seat may still be bought without approval." in above
    assert "Approved by: Adam." in above
    assert "$80.00" in above
    assert 'id="buy"' not in above


def test_a_click_above_the_allowance_buys_nothing(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    client = client_of(funded.owner)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    save(client, funded, seats="1")
    answer = client.post(at("pay", funded.account), {"quote_id": quote.public_id})
    assert answer.status_code == 409
    assert "Nothing was charged. Send it for approval." in text_of(answer)
    assert "This purchase needs an approval" in text_of(answer)
    assert not QuantityChange.objects.exists()
    untouched(funded)


@pytest.fixture
def acme(funded: Funded, now: datetime) -> Integrator:
    """A key of the paying account."""
    return integrator_of(funded.owner, now)


def test_the_api_refuses_with_what_is_left_and_who_approves(
    acme: Integrator, funded: Funded, client_of: ClientOf, member: Membership
) -> None:
    quote = acme.post("quotes", {"add": 2}).json()
    assert quote["needs_approval"] is False
    save(client_of(funded.owner), funded, seats="1", amount="100")
    assert acme.get(f"quotes/{quote['id']}").json()["needs_approval"] is True

    refused = problem(
        acme.post("orders", {"quote_id": quote["id"], "assign_to": [member.public_id]}, idempotency_key="one")
    )

    assert (refused["status"], refused["code"]) == (409, "approval_required")
    assert (refused["seats_left"], refused["amount_left"], refused["currency"]) == (1, 10000, "usd")
    assert refused["approvers"] == ["Olivia"]
    assert refused["ask_at"] == "/api/v1/requests"
    assert not QuantityChange.objects.exists()
    untouched(funded)


def test_another_plan_is_held_against_it_too(
    owner: Membership, fund: FundMaker, desk: Desk, client_of: ClientOf, now: datetime
) -> None:
    desk.price("flat", "year", unit=51_000)
    funded = fund(owner, scheme="flat")
    client = client_of(funded.owner)
    save(client, funded, amount="4599.99")
    target = Price.objects.get(unit_amount=51_000)
    page = text_of(client.get(at("change_plan", funded.account), {"price": target.public_id, "quantity": "10"}))
    assert "$4,600.00" in page
    assert "This purchase needs an approval" in page
    assert 'id="buy"' not in page

    quote = Quote.objects.get()
    answer = client.post(at("change_plan_pay", funded.account), {"quote_id": quote.public_id})
    assert answer.status_code == 409
    assert not QuantityChange.objects.exists()
    assert Quote.objects.get(pk=quote.pk).consumed_at is None

    save(client, funded, amount="4600")
    again = client.post(at("change_plan_pay", funded.account), {"quote_id": quote.public_id})
    assert again.status_code == 302
    assert QuantityChange.objects.get().state == "applied"


def test_the_first_purchase_is_held_against_it_too(
    owner: Membership, desk: Desk, client_of: ClientOf, now: datetime
) -> None:
    desk.price()
    sync_catalog()
    set_buying_policy(
        account=owner.account,
        seats=4,
        amount=None,
        currency="",
        joiners="wait",
        reason="",
        actor=Actor(user=owner.user),
        at=now,
    )
    client, price = client_of(owner), Price.objects.get()
    url = reverse("billing:checkout", args=[owner.account.slug])
    refused = client.post(url, {"price": price.public_id, "quantity": "5"})
    assert refused.status_code == 422
    assert "An admin can change that under Spending." in text_of(refused)
    assert not CheckoutSession.objects.exists()
    assert client.post(url, {"price": price.public_id, "quantity": "4"}).status_code == 302
    assert CheckoutSession.objects.get().quantity == 4
