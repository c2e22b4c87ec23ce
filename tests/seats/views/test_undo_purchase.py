"""The undo of a purchase on its page and in the API: offered while it is possible, refused with the way out."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role
from billing.changes.buy_quote import buy_quote
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.holders.assign_seat import assign_seat
from seats.models import SeatPool
from tests.conftest import Funded, FundMaker, join
from tests.integrator import integrator_of, problem

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


def bought(funded: Funded, now: datetime) -> QuantityChange:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)


def page(funded: Funded, name: str, change: QuantityChange) -> str:
    return reverse(f"seats:{name}", args=[funded.account.slug, change.public_id])


def text_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def purchased(funded: Funded) -> int:
    return SeatPool.objects.get(account=funded.account).purchased


def test_the_result_offers_it_and_the_click_takes_everything_back(
    funded: Funded, client_of: ClientOf, now: datetime
) -> None:
    change, client = bought(funded, now), client_of(funded.owner)
    until = (now + timedelta(minutes=15)).strftime("%H:%M")
    before = text_of(client.get(page(funded, "purchase", change)))
    assert "Undo the purchase" in before
    assert f"Possible until {until} UTC" in before

    answer = client.post(page(funded, "purchase_undo", change), follow=True)

    text = text_of(answer)
    assert "The purchase was undone" in text
    assert "You have 10 seats again." in text
    assert "Undo the purchase" not in text
    assert (purchased(funded), funded.desk.quantity(funded.stripe_id)) == (10, 10)


def test_after_the_window_it_is_neither_offered_nor_done(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    change, client = bought(funded, now), client_of(funded.owner)
    with time_machine.travel(now + timedelta(minutes=16)):
        assert "Undo the purchase" not in text_of(client.get(page(funded, "purchase", change)))
        answer = client.post(page(funded, "purchase_undo", change))

    assert answer.status_code == 409
    assert "The time to undo this purchase is over." in text_of(answer)
    assert (purchased(funded), funded.desk.quantity(funded.stripe_id)) == (12, 12)


def test_seats_in_use_are_named_with_what_to_do(
    owner: Membership, fund: FundMaker, client_of: ClientOf, now: datetime
) -> None:
    funded = fund(owner, quantity=1)
    change = bought(funded, now)
    for name in ("Ana", "Ben"):
        someone = join(funded.account, name, Role.MEMBER, now)
        assign_seat(account=funded.account, membership=someone, actor=funded.actor, at=now)

    answer = client_of(owner).post(page(funded, "purchase_undo", change))

    assert answer.status_code == 409
    assert "1 of these seats is in use. Release 1 seat first, then undo the purchase." in text_of(answer)
    assert (purchased(funded), funded.desk.quantity(funded.stripe_id)) == (3, 3)


def test_a_lost_answer_says_that_it_goes_on(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    change = bought(funded, now)
    funded.desk.fault("reset_before")

    text = text_of(client_of(funded.owner).post(page(funded, "purchase_undo", change), follow=True))

    assert "The purchase is being undone" in text
    assert 'id="look"' in text
    assert "Pay" not in text.split("</h1>")[1]


def test_strangers_and_members_undo_nothing(
    funded: Funded, client_of: ClientOf, now: datetime, outsider: Membership, member: Membership
) -> None:
    change = bought(funded, now)

    assert client_of(outsider).post(page(funded, "purchase_undo", change)).status_code == 404
    assert client_of(member).post(page(funded, "purchase_undo", change)).status_code == 403
    assert purchased(funded) == 12


def test_the_api_undoes_and_says_so(funded: Funded, now: datetime) -> None:
    acme = integrator_of(funded.owner, now)
    quote_id = acme.post("quotes", {"add": 2}).json()["id"]
    order = acme.post("orders", {"quote_id": quote_id}, idempotency_key="a").json()
    assert order["undo"] is None
    assert order["undo_until"] is not None

    answer = acme.post(f"orders/{order['id']}/undo", idempotency_key="b")
    again = acme.post(f"orders/{order['id']}/undo", idempotency_key="c")

    assert (answer.status_code, again.status_code) == (200, 200)
    assert (answer.json()["undo"], answer.json()["undo_until"]) == ("undone", None)
    assert purchased(funded) == 10
    assert QuantityChange.objects.filter(kind="undo").count() == 1
    assert [row["id"] for row in acme.get("orders").json()["results"]] == [order["id"]]


def test_the_api_refuses_what_is_not_there_and_what_is_too_late(funded: Funded, now: datetime) -> None:
    acme, change = integrator_of(funded.owner, now), bought(funded, now)

    assert acme.post("orders/chg_unknown/undo").status_code == 404
    with time_machine.travel(now + timedelta(minutes=16)):
        assert problem(acme.post(f"orders/{change.public_id}/undo"))["code"] == "undo_too_late"
    assert purchased(funded) == 12
