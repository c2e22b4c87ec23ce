"""Reduce: the effect is said before, nothing happens today, and it can be undone."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership
from billing.models import Plan, ScheduledDecrease
from seats.holders.assign_seat import assign_seat
from tests.conftest import Funded, FundMaker, join

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


def at(name: str, account: Account) -> str:
    """The address of a page of the account."""
    return reverse(f"seats:{name}", args=[account.slug])


def text_of(response: object) -> str:
    """The page's words on one line."""
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def test_saving_is_shown_and_planned_then_undone(funded: Funded, client_of: ClientOf) -> None:
    client = client_of(funded.owner)

    shown = text_of(client.get(at("reduce", funded.account), {"quantity": "8"}))
    assert "You save about" in shown
    assert "$100.00" in shown
    assert "Remove 2 seats from the next period on" in shown

    planned = client.post(at("reduce", funded.account), {"quantity": "8", "reason": "Two left"}, follow=True)
    plan = ScheduledDecrease.objects.get()
    assert (plan.base_quantity, plan.renew_quantity, plan.reason, plan.state) == (10, 8, "Two left", "planned")
    assert "Planned: 10 to 8 seats on " in text_of(planned)
    assert funded.desk.quantity(funded.stripe_id) == 10

    undone = client.post(at("keep", funded.account), follow=True)
    plan.refresh_from_db()
    assert plan.state == "withdrawn"
    assert "The reduction is undone. All seats stay." in text_of(undone)


def test_htmx_gets_the_effect_alone(funded: Funded, client_of: ClientOf) -> None:
    part = client_of(funded.owner).get(at("reduce", funded.account), {"quantity": "9"}, headers={"HX-Request": "true"})

    assert text_of(part).startswith('<div class="stack purchase-side" id="effect">')
    assert "Remove 1 seat from the next period on" in text_of(part)


def test_losing_a_volume_step_warns_of_a_higher_bill(owner: Membership, fund: FundMaker, client_of: ClientOf) -> None:
    """Scar: 10 seats cost 500, 11 cost 440."""
    funded = fund(owner, scheme="volume", quantity=11)

    text = text_of(client_of(owner).get(at("reduce", funded.account), {"quantity": "10"}))

    assert "Your bill rises by about" in text
    assert "$60.00" in text
    assert "Fewer seats cost more here" in text
    assert "Removing 1 seat raises your bill by $60.00 per month." in text


def test_more_people_than_seats_are_told_of_the_grace(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    for name in ("Ana", "Ben", "Cem"):
        seated = join(funded.account, name, "member", now)
        assign_seat(account=funded.account, membership=seated, actor=funded.actor, at=now)

    text = text_of(client_of(funded.owner).get(at("reduce", funded.account), {"quantity": "1"}))

    assert "2 people will be without a seat" in text
    assert "Otherwise 14 days of grace begin then" in text


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("11", "You have 10 seats. Choose a lower number, or add seats instead."),
        ("4", "The plan has a minimum of 5 seats."),
        ("0", "Ensure this value is greater than or equal to 1."),
        ("many", "Enter a whole number."),
        ("", "This field is required."),
    ],
)
def test_a_wrong_number_is_refused_in_place(funded: Funded, client_of: ClientOf, quantity: str, words: str) -> None:
    Plan.objects.update(minimum_seats=5)
    client = client_of(funded.owner)

    shown = client.get(at("reduce", funded.account), {"quantity": quantity})
    sent = client.post(at("reduce", funded.account), {"quantity": quantity})

    assert (shown.status_code, sent.status_code) == (200, 422)
    assert words in text_of(shown)
    assert words in text_of(sent)
    assert not ScheduledDecrease.objects.exists()


def test_todays_number_plans_nothing(funded: Funded, client_of: ClientOf) -> None:
    client = client_of(funded.owner)

    assert "nothing changes" in text_of(client.get(at("reduce", funded.account), {"quantity": "10"}))
    client.post(at("reduce", funded.account), {"quantity": "10"})
    assert not ScheduledDecrease.objects.exists()


def test_without_a_subscription_there_is_nothing_to_reduce(owner: Membership, client_of: ClientOf) -> None:
    client = client_of(owner)

    assert "There are no seats to reduce." in text_of(client.get(at("reduce", owner.account)))
    assert client.post(at("reduce", owner.account), {"quantity": "3"}).status_code == 422


def test_strangers_and_members_plan_nothing(
    funded: Funded, client_of: ClientOf, outsider: Membership, member: Membership
) -> None:
    for who, expected in ((outsider, 404), (member, 403)):
        client = client_of(who)
        assert client.get(at("reduce", funded.account)).status_code == expected
        assert client.post(at("reduce", funded.account), {"quantity": "8"}).status_code == expected
        assert client.post(at("keep", funded.account)).status_code == expected
    assert not ScheduledDecrease.objects.exists()
