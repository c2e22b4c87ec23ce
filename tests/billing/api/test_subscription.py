"""/api/v1/plans, /subscription and /invoices, with the simulator over HTTP."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Membership
from billing.changes.decreases import place_due_decreases
from billing.mirror.queries import live_subscription, open_decrease
from billing.models import Ending, Invoice, ScheduledDecrease
from tests.conftest import Funded
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme(funded: Funded, now: datetime) -> Integrator:
    return integrator_of(funded.owner, now)


def stamp(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def test_what_there_is(acme: Integrator, funded: Funded) -> None:
    answer = acme.get("subscription")

    item = funded.subscription.items.get()
    prices = acme.get("prices").json()
    assert answer.json() == {
        "id": funded.subscription.public_id,
        "status": "active",
        "currency": "usd",
        "quantity": 10,
        "price": prices[0],
        "period_start": stamp(item.period_start),
        "period_end": stamp(item.period_end),
        "on_credit": False,
        "due_days": None,
        "trial_end": None,
        "cancel_at": None,
        "collection_paused": False,
        "self_service_stopped": "",
        "planned_reduction": None,
        "started_at": stamp(funded.subscription.started_at),
    }
    assert acme.get("subscription", if_none_match=answer["ETag"]).status_code == 304
    (plan,) = acme.get("plans").json()
    assert plan == {
        "id": item.price.plan.public_id,
        "name": item.price.plan.name,
        "description": item.price.plan.description,
        "prices": prices,
    }


def test_a_reduction_is_planned_changed_and_taken_back(acme: Integrator, funded: Funded) -> None:
    planned = acme.put("subscription/reduction", {"quantity": 8, "reason": "Smaller team"})

    row = ScheduledDecrease.objects.get()
    assert planned.status_code == 200, planned.content
    assert planned.json()["planned_reduction"] == {
        "id": row.public_id,
        "seats_now": 10,
        "seats_then": 8,
        "effective_at": stamp(funded.subscription.items.get().period_end),
        "state": "planned",
        "reason": "Smaller team",
    }
    assert planned.json()["quantity"] == 10
    other = acme.put("subscription/reduction", {"quantity": 7})
    assert other.json()["planned_reduction"]["seats_then"] == 7
    assert acme.put("subscription/reduction", {"quantity": 10}).json()["planned_reduction"] is None
    acme.put("subscription/reduction", {"quantity": 6})
    for _ in range(2):
        assert acme.delete("subscription/reduction").status_code == 204
    assert open_decrease(funded.account) is None


def test_nobodys_reduction_is_overwritten_unseen(acme: Integrator, funded: Funded) -> None:
    seen = acme.get("subscription")["ETag"]
    mine = acme.put("subscription/reduction", {"quantity": 8}, if_match=seen)
    assert mine.status_code == 200, mine.content

    for late in (
        acme.put("subscription/reduction", {"quantity": 5}, if_match=seen),
        acme.delete("subscription/reduction", if_match=seen),
    ):
        assert (late.status_code, problem(late)["code"]) == (412, "precondition_failed")
    assert open_decrease(funded.account).renew_quantity == 8  # type: ignore[union-attr]
    assert ScheduledDecrease.objects.count() == 1
    assert mine["ETag"] == acme.get("subscription")["ETag"]
    assert acme.put("subscription/reduction", {"quantity": 7}, if_match=mine["ETag"]).status_code == 200
    assert acme.delete("subscription/reduction", if_match="*").status_code == 204
    assert open_decrease(funded.account) is None


def test_a_reduction_that_stripe_holds_is_changed_by_who_has_seen_it(
    acme: Integrator, funded: Funded, now: datetime
) -> None:
    acme.put("subscription/reduction", {"quantity": 8})
    ends = funded.subscription.items.get().period_end
    funded.desk.advance(int((ends - timedelta(hours=2) - now).total_seconds()))
    place_due_decreases(at=ends - timedelta(hours=2))
    seen = acme.get("subscription")
    assert seen.json()["planned_reduction"]["state"] == "placed"

    assert acme.put("subscription/reduction", {"quantity": 7}, if_match='"other"').status_code == 412
    assert acme.get("subscription")["ETag"] == seen["ETag"]
    changed = acme.put("subscription/reduction", {"quantity": 7}, if_match=seen["ETag"])

    assert changed.status_code == 200, changed.content
    assert changed.json()["planned_reduction"]["seats_then"] == 7


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        (11, "seat_reduction_not_allowed"),
        (0, "validation_failed"),
        ("8", "validation_failed"),
        (2.5, "validation_failed"),
    ],
)
def test_a_reduction_that_cannot_be(acme: Integrator, quantity: Any, code: str) -> None:
    refused = problem(acme.put("subscription/reduction", {"quantity": quantity}))

    assert (refused["status"], refused["code"], refused["errors"][0]["field"]) == (422, code, "quantity")
    assert not ScheduledDecrease.objects.exists()


def test_it_ends_and_goes_on(acme: Integrator, funded: Funded) -> None:
    refused = problem(acme.post("subscription/resume"))
    assert (refused["status"], refused["code"]) == (409, "not_ending")

    ended = acme.post("subscription/end", {"reason": "Too dear"}, idempotency_key="end-1")

    row = Ending.objects.get()
    assert ended.status_code == 200, ended.content
    assert ended.json() == {
        "id": row.public_id,
        "kind": "cancel",
        "state": "done",
        "reason": "Too dear",
        "confirmed_at": stamp(row.confirmed_at),
        "settled_at": stamp(row.settled_at),
    }
    assert acme.get("subscription").json()["cancel_at"] == acme.get("subscription").json()["period_end"]
    assert acme.post("subscription/resume").json()["state"] == "done"
    live = live_subscription(funded.account)
    assert live is not None
    assert live.cancel_at is None


def test_invoices_of_one_second_stand_by_what_came_last(acme: Integrator, funded: Funded, now: datetime) -> None:
    buy = acme.post("quotes", {"add": 2}).json()
    acme.post("orders", {"quote_id": buy["id"]}, idempotency_key="buy-1")
    Invoice.objects.update(issued_at=now)

    first = acme.get("invoices?limit=1").json()
    second = acme.get("invoices" + first["next"].partition("/invoices")[2]).json()

    ids = list(Invoice.objects.order_by("-pk").values_list("public_id", flat=True))
    assert [row["id"] for row in (*first["results"], *second["results"])] == ids
    assert (len(ids), second["next"]) == (2, None)


def test_invoices_and_the_order_behind(acme: Integrator, funded: Funded, now: datetime) -> None:
    quote = acme.post("quotes", {"add": 2}).json()
    order = acme.post("orders", {"quote_id": quote["id"]}, idempotency_key="buy-1").json()

    newest, *_ = acme.get("invoices").json()["results"]

    row = Invoice.objects.get(public_id=newest["id"])
    assert newest == {
        "id": row.public_id,
        "number": row.number,
        "status": "paid",
        "reason": "subscription_update",
        "order_id": order["id"],
        "currency": "usd",
        "subtotal": 8000,
        "tax": 0,
        "total": 8000,
        "amount_due": 8000,
        "amount_paid": 8000,
        "amount_remaining": 0,
        "balance_before": 0,
        "balance_after": 0,
        "hosted_url": row.hosted_url,
        "pdf_url": row.pdf_url,
        "issued_at": stamp(row.issued_at),
        "due_at": None,
        "paid_at": stamp(row.paid_at),
    }
    whole = acme.get(f"invoices/{row.public_id}").json()
    assert sum(line["amount"] for line in whole.pop("lines")) == 8000
    assert whole == newest
    assert acme.get("invoices?status=open").json()["results"] == []
    later = (now + timedelta(days=3)).date()
    assert acme.get(f"invoices?from={later}").json()["results"] == []
    every = [one["id"] for one in acme.get("invoices").json()["results"]]
    found, address = [], "invoices?limit=1"
    while address:
        page = acme.get(address).json()
        found += [one["id"] for one in page["results"]]
        address = (page["next"] or "").rpartition("/api/v1/")[2]
    assert found == every


def test_before_the_first_purchase_there_is_none(owner: Membership, now: datetime) -> None:
    fresh = integrator_of(owner, now)

    assert problem(fresh.get("subscription"))["code"] == "not_found"
    assert problem(fresh.put("subscription/reduction", {"quantity": 1}))["code"] == "no_subscription"
    assert problem(fresh.post("subscription/end"))["code"] == "no_subscription"
    assert fresh.delete("subscription/reduction").status_code == 204
    assert fresh.get("invoices").json()["results"] == []


def test_rights_are_told_apart(funded: Funded, now: datetime) -> None:
    viewer = integrator_of(funded.owner, now, "billing.view")

    assert viewer.get("subscription").status_code == 200
    for answer, needed in (
        (viewer.put("subscription/reduction", {"quantity": 8}), "seats.buy"),
        (viewer.delete("subscription/reduction"), "seats.buy"),
        (viewer.post("subscription/end"), "billing.manage"),
        (viewer.post("subscription/resume"), "billing.manage"),
    ):
        assert problem(answer)["capability"] == needed
    assert not Ending.objects.exists()
