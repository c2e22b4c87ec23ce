"""POST /api/v1/quotes: Stripe's price, and clear refusals."""

from datetime import datetime

import pytest

from accounts.models import Membership
from billing.models import Quote
from tests.conftest import Funded
from tests.integrator import integrator_of, problem


@pytest.mark.django_db(transaction=True)
def test_a_price_is_a_promise(funded: Funded, now: datetime) -> None:
    acme = integrator_of(funded.owner, now)

    answer = acme.post("quotes", {"add": 2})

    quote = Quote.objects.get()
    body = dict(answer.json())
    lines = body.pop("lines")
    assert answer.status_code == 201
    assert body == {
        "id": quote.public_id,
        "kind": "add",
        "add": 2,
        "seats_before": 10,
        "seats_after": 12,
        "currency": "usd",
        "due_now": 8000,
        "total": 8000,
        "subtotal": 8000,
        "discount": 0,
        "tax": 0,
        "on_credit": False,
        "due_days": None,
        "waiting": [],
        "balance_before": 0,
        "next_invoice": {"amount": 58_000, "at": quote.next_at.strftime("%Y-%m-%dT%H:%M:%SZ")},  # type: ignore[union-attr]
        "needs_approval": False,
        "expires_at": quote.expires_at.isoformat().replace("+00:00", "Z"),
        "used_at": None,
    }
    assert sum(line["amount"] for line in lines) == 8000
    assert all(line["period_start"].endswith("Z") for line in lines)
    assert acme.get(f"quotes/{quote.public_id}").json() == answer.json()


@pytest.mark.django_db(transaction=True)
def test_refusals_of_the_shop_have_their_codes(funded: Funded, now: datetime) -> None:
    acme = integrator_of(funded.owner, now)

    answer = acme.post("quotes", {"add": 100})

    assert (answer.status_code, problem(answer)["code"]) == (422, "seats_exceed_self_service")
    assert problem(answer)["errors"][0]["field"] == "add"
    assert not Quote.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_stripe_down_is_503_with_a_time_to_wait(funded: Funded, now: datetime) -> None:
    funded.desk.fault("error500_no_effect", path="/v1/invoices/create_preview", times=10)

    answer = integrator_of(funded.owner, now).post("quotes", {"add": 1})

    assert (answer.status_code, problem(answer)["code"]) == (503, "quote_unavailable")
    assert answer["Retry-After"] == "5"
    assert not Quote.objects.exists()


@pytest.mark.django_db
def test_an_account_without_a_plan_is_told(owner: Membership, now: datetime) -> None:
    answer = integrator_of(owner, now).post("quotes", {"add": 1})

    assert (answer.status_code, problem(answer)["code"]) == (409, "no_subscription")


@pytest.mark.django_db
@pytest.mark.parametrize("add", [0, -1, 501, 1.0, 1.5, "2", True, None, [], {}, 10**30])
def test_only_whole_numbers_are_numbers(owner: Membership, now: datetime, add: object) -> None:
    answer = integrator_of(owner, now).post("quotes", {"add": add})

    assert (answer.status_code, problem(answer)["code"]) == (422, "validation_failed")
    assert [error["field"] for error in problem(answer)["errors"]] == ["add"]


@pytest.mark.django_db
def test_a_key_without_the_scope_is_refused(owner: Membership, now: datetime) -> None:
    answer = integrator_of(owner, now, "seats.view", "seats.assign").post("quotes", {"add": 1})

    assert (answer.status_code, problem(answer)["capability"]) == (403, "seats.buy")


@pytest.mark.django_db(transaction=True)
def test_another_tenant_finds_no_price(funded: Funded, outsider: Membership, now: datetime) -> None:
    quote_id = integrator_of(funded.owner, now).post("quotes", {"add": 1}).json()["id"]

    answer = integrator_of(outsider, now).get(f"quotes/{quote_id}")

    assert (answer.status_code, problem(answer)["code"]) == (404, "quote_unknown")
