"""Add seats in the browser: the price is Stripe's, one click buys it once, and a refusal costs nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Invitation, Membership
from billing.catalog.sync_catalog import sync_catalog
from billing.changes.buy_quote import buy_quote
from billing.changes.checkout import ensure_customer
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.refresh import refresh_subscription
from billing.models import QuantityChange, Quote
from billing.quotes.quote_quantity import quote_quantity
from seats.models import Assignment, PlannedHolder, SeatPool
from tests.conftest import Funded, FundMaker, join
from tests.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State
LATER = timezone.now() + timedelta(days=3)
ClientOf = Callable[[Membership], Client]


def at(name: str, account: Account, *more: str) -> str:
    """The address of a page of the account."""
    return reverse(f"seats:{name}", args=[account.slug, *more])


def text_of(response: object) -> str:
    """The page's words on one line."""
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def untouched(funded: Funded, quantity: int = 10) -> None:
    """Nothing was bought: not at Stripe, not here."""
    assert funded.desk.quantity(funded.stripe_id) == quantity
    assert funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update") == []
    assert SeatPool.objects.get(account=funded.account).purchased == quantity


def test_page_shows_the_exact_price_and_the_button_is_the_sentence(funded: Funded, client_of: ClientOf) -> None:
    page = client_of(funded.owner).get(at("add", funded.account), {"add": "2"})

    assert page.status_code == 200
    text = text_of(page)
    quote = Quote.objects.get()
    assert (quote.added, quote.total, quote.amount_due) == (2, 8000, 8000)
    assert "Pay $80.00 and add 2 seats" in text
    assert "Due now $80.00. Next invoice $580.00 on " in text
    assert "Visa •••• 4242" in text
    assert "$48.33 / month" in text
    assert "+$80.00 / month" in text
    assert "New total <b>12</b>, today 10" in text
    assert f'name="quote_id" value="{quote.public_id}"' in text
    untouched(funded)


def test_one_seat_is_said_in_the_singular(funded: Funded, client_of: ClientOf) -> None:
    assert "Pay $40.00 and add 1 seat<" in text_of(client_of(funded.owner).get(at("add", funded.account)))


def test_htmx_gets_the_price_and_the_new_total_alone(funded: Funded, client_of: ClientOf) -> None:
    part = client_of(funded.owner).get(at("add", funded.account), {"add": "5"}, headers={"HX-Request": "true"})

    text = text_of(part)
    assert text.startswith('<div class="stack purchase-side" id="offer">')
    assert "Pay $200.00 and add 5 seats" in text
    assert '<p class="stepper-total" id="total" hx-swap-oob="true">New total <b>15</b>' in text
    assert "<html" not in text


def test_half_a_period_costs_half_and_says_so(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    item = funded.subscription.items.get()
    whole = (item.period_end - item.period_start).days
    funded.desk.advance(15 * 86_400)
    with time_machine.travel(now + timedelta(days=15, minutes=5), tick=True):
        text = text_of(client_of(funded.owner).get(at("add", funded.account), {"add": "2"}))

    quote = Quote.objects.get()
    assert quote.total == quote.amount_due
    assert f"{whole - 15} of {whole} days" in text
    assert quote.amount_due == 8000 * (whole - 15) // whole or whole != 30
    assert quote.next_total == 58_000


def test_more_seats_can_be_a_credit(owner: Membership, fund: FundMaker, client_of: ClientOf) -> None:
    """Scar: with volume prices 12 seats cost less than 10."""
    funded = fund(owner, scheme="volume")

    text = text_of(client_of(owner).get(at("add", funded.account), {"add": "2"}))

    quote = Quote.objects.get()
    assert (quote.total, quote.amount_due, quote.next_total) == (-2000, 0, 48_000)
    assert "Add 2 seats – nothing to pay now" in text
    assert "$20.00 credit will reduce your invoice of " in text
    assert "−$20.00 / month" in text


def test_a_larger_number_that_costs_less_is_said(owner: Membership, fund: FundMaker, client_of: ClientOf) -> None:
    funded = fund(owner, scheme="volume", quantity=8)

    text = text_of(client_of(owner).get(at("add", funded.account), {"add": "2"}))

    assert "11 seats cost $60.00 less per month than 10." in text
    assert f'href="{at("add", funded.account)}?add=3"' in text


def test_balance_is_used_and_shown(owner: Membership, fund: FundMaker, client_of: ClientOf) -> None:
    funded = fund(owner, balance=-3000)

    text = text_of(client_of(owner).get(at("add", funded.account), {"add": "2"}))

    assert "Pay $50.00 and add 2 seats" in text
    assert "Credit used" in text
    assert "−$30.00" in text


def test_click_buys_once_and_leads_to_the_receipt(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    client = client_of(funded.owner)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    answer = client.post(at("pay", funded.account), {"quote_id": quote.public_id, "reason": "PO 17"})

    change = QuantityChange.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, at("purchase", funded.account, change.public_id))
    assert (change.state, change.reason, change.user) == (State.APPLIED, "PO 17", funded.owner.user)
    assert SeatPool.objects.get(account=funded.account).purchased == 12
    text = text_of(client.get(answer["Location"]))
    assert "2 seats added" in text
    assert "$80.00 charged to Visa •••• 4242." in text
    assert "Quoted $80.00, charged $80.00" in text
    assert "PO 17" in text


def test_second_click_is_the_first_purchase(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    client = client_of(funded.owner)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    sent = {"quote_id": quote.public_id, "emails": "ben@acme.example"}

    first = client.post(at("pay", funded.account), sent)
    second = client.post(at("pay", funded.account), sent)

    assert first["Location"] == second["Location"]
    assert QuantityChange.objects.count() == 1
    assert len(funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")) == 1
    assert PlannedHolder.objects.count() == 1
    assert Invitation.objects.count() == 1


def test_buying_and_giving_is_one_act(funded: Funded, client_of: ClientOf, now: datetime, member: Membership) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    client = client_of(funded.owner)
    sent = {"quote_id": quote.public_id, "people": [member.public_id], "emails": "ben@new.example"}

    answer = client.post(at("pay", funded.account), sent)

    assert answer.status_code == 302
    held = Assignment.objects.filter(account=funded.account, ended_at__isnull=True)
    assert {(a.membership, a.invitation.email if a.invitation else "") for a in held} == {
        (member, ""),
        (None, "ben@new.example"),
    }
    assert "2 seats given" in text_of(client.get(answer["Location"]))


@pytest.mark.parametrize(
    ("emails", "words"),
    [
        ("not-an-address", "Not an e-mail address: not-an-address"),
        ("a@x.example b@x.example " + " ".join(f"c{n}@x.example" for n in range(12)), "You named 14 people"),
    ],
)
def test_wrong_people_are_said_in_place_and_nothing_is_bought(
    funded: Funded, client_of: ClientOf, now: datetime, emails: str, words: str
) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    answer = client_of(funded.owner).post(
        at("pay", funded.account), {"quote_id": quote.public_id, "emails": emails, "reason": "PO 17"}
    )

    assert answer.status_code == 422
    text = text_of(answer)
    assert words in text
    assert "Pay $80.00 and add 2 seats" in text
    assert "PO 17" in text
    assert not PlannedHolder.objects.exists()
    untouched(funded)


def test_somebody_seated_cannot_be_named(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    from seats.holders.assign_seat import assign_seat

    seated = join(funded.account, "Sita", "member", now)
    assign_seat(account=funded.account, membership=seated, actor=funded.actor, at=now)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)

    answer = client_of(funded.owner).post(
        at("pay", funded.account), {"quote_id": quote.public_id, "emails": seated.user.email}
    )

    assert answer.status_code == 422
    assert "sita@acme.example has a seat already." in text_of(answer)
    untouched(funded)


def test_expired_price_is_shown_beside_a_new_one(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    Quote.objects.filter(pk=quote.pk).update(expires_at=now - timedelta(seconds=1))

    answer = client_of(funded.owner).post(at("pay", funded.account), {"quote_id": quote.public_id})

    assert answer.status_code == 409
    text = text_of(answer)
    assert "This price is no longer held. Nothing was charged." in text
    assert '<s>$80.00</s></td><td class="num strong">$80.00' in text
    fresh = Quote.objects.latest("pk")
    assert fresh.pk != quote.pk
    assert f'name="quote_id" value="{fresh.public_id}"' in text
    untouched(funded)


def test_two_admins_the_slower_one_sees_who_was_faster(
    funded: Funded, client_of: ClientOf, now: datetime, admin_member: Membership
) -> None:
    mine = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    theirs = client_of(admin_member)
    theirs.get(at("add", funded.account), {"add": "3"})
    faster = Quote.objects.latest("pk")
    assert theirs.post(at("pay", funded.account), {"quote_id": faster.public_id}).status_code == 302

    answer = client_of(funded.owner).post(at("pay", funded.account), {"quote_id": mine.public_id})

    assert answer.status_code == 409
    text = text_of(answer)
    assert "The subscription changed since this price was made. Nothing was charged." in text
    assert "Adam added 3 seats at " in text
    assert "(13 now)" in text
    assert "Pay $80.00 and add 2 seats" in text
    assert funded.desk.quantity(funded.stripe_id) == 13
    assert QuantityChange.objects.count() == 1


def test_purchase_on_its_way_says_whose_and_leads_there(
    owner: Membership, fund: FundMaker, client_of: ClientOf, now: datetime, admin_member: Membership
) -> None:
    funded = fund(owner, card="pm_card_chargeCustomerFail")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    page = client_of(admin_member).get(at("add", funded.account))

    text = text_of(page)
    assert "Olivia is adding 2 seats" in text
    assert at("purchase", funded.account, change.public_id) in text
    assert "quote_id" not in text


def test_trial_costs_nothing_now_and_names_the_first_charge(
    owner: Membership, desk: Desk, client_of: ClientOf, now: datetime
) -> None:
    price = desk.price()
    sync_catalog()
    customer = ensure_customer(account=owner.account, email=owner.user.email, at=now)
    desk.card(customer.stripe_id)
    stripe_id = desk.subscribe(customer.stripe_id, price, 10, trial_period_days=14)
    refresh_customer(stripe_id=customer.stripe_id, at=now)
    refresh_subscription(stripe_id=stripe_id, at=now)
    client = client_of(owner)

    text = text_of(client.get(at("add", owner.account), {"add": "2"}))

    assert "Add 2 seats – nothing to pay now" in text
    assert "First charge on " in text
    assert "$580.00" in text
    assert "Charged today" not in text
    answer = client.post(at("pay", owner.account), {"quote_id": Quote.objects.get().public_id}, follow=True)
    assert "Nothing was charged now." in text_of(answer)
    change = QuantityChange.objects.get()
    assert (change.state, change.charged_total, change.charged_due) == (State.APPLIED, 0, 0)
    assert desk.quantity(stripe_id) == 12


@pytest.mark.parametrize(
    ("currency", "button"),
    [("eur", "Pay €80.00 and add 2 seats"), ("jpy", "Pay ¥12,000 and add 2 seats")],
)
def test_other_currencies_have_their_own_decimals(
    owner: Membership, fund: FundMaker, client_of: ClientOf, currency: str, button: str
) -> None:
    funded = fund(owner, currency=currency)

    assert button in text_of(client_of(owner).get(at("add", funded.account), {"add": "2"}))


def test_who_is_signed_out_meanwhile_signs_in_on_the_whole_page(funded: Funded) -> None:
    part = Client().get(
        at("add", funded.account),
        {"add": "5"},
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{at('add', funded.account)}?add=5"},
    )

    assert part["HX-Redirect"].endswith(f"?next={at('add', funded.account)}%3Fadd%3D5")
    assert part.content == b""


def test_foreign_and_unknown_prices_buy_nothing(funded: Funded, client_of: ClientOf, outsider: Membership) -> None:
    client = client_of(funded.owner)
    client.get(at("add", funded.account), {"add": "2"})
    quote = Quote.objects.get()

    stranger = client_of(outsider).post(at("pay", funded.account), {"quote_id": quote.public_id})
    other = client_of(outsider).post(at("pay", outsider.account), {"quote_id": quote.public_id})
    unknown = client.post(at("pay", funded.account), {"quote_id": "qte_nothing"})

    assert client.get(at("pay", funded.account))["Location"] == at("add", funded.account)
    assert (stranger.status_code, other.status_code, unknown.status_code) == (404, 404, 404)
    assert "This price is not known." in text_of(unknown)
    untouched(funded)


def test_a_member_may_not_buy(funded: Funded, client_of: ClientOf, member: Membership, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    client = client_of(member)

    assert client.get(at("add", funded.account)).status_code == 403
    assert client.post(at("pay", funded.account), {"quote_id": quote.public_id}).status_code == 403
    untouched(funded)
