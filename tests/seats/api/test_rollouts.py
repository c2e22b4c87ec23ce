"""Rollouts and tranches for programs."""

from datetime import datetime, timedelta

import pytest

from accounts.models import ApiKey, AuditEntry, Membership, Role
from billing.models import BuyingPolicy
from seats.models import RolloutPlan, SeatRequest, Tranche
from seats.rollout.run_tranches import run_due_tranches
from tests.conftest import Funded, join
from tests.factories.accounts import DepartmentFactory
from tests.integrator import Integrator, integrator_of, problem
from tests.seats.requests.test_purchases import approve, paid

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_program_schedules_changes_releases_and_cancels(funded: Funded, now: datetime) -> None:
    acme = integrator_of(funded.owner, now)
    plan = acme.post("rollouts", {"name": "Sales", "budget_month": 4}).json()
    today = now.date().isoformat()
    wish = {"quantity": 10, "due_on": today, "ceiling": 40_000, "gate_percent": 80, "po_number": "PO 1"}

    made = acme.post("tranches", {"rollout_id": plan["id"], **wish}).json()

    assert (made["state"], made["estimate"], made["currency"]) == ("planned", 40_000, "usd")
    assert made["owner_id"] == funded.owner.public_id
    tranche = Tranche.objects.get()
    assert (tranche.agreed_by, tranche.agreed_key) == (None, ApiKey.objects.get())
    run_due_tranches(at=now)
    held = acme.get(f"tranches/{made['id']}").json()
    assert (held["state"], held["held_code"]) == ("held", "adoption_low")

    bought = acme.post(f"tranches/{made['id']}/release", {"reason": "New office"}).json()

    assert (bought["state"], bought["released_reason"]) == ("bought", "New office")
    assert acme.get(f"orders/{bought['order_id']}").json()["charged_due"] == 40_000
    tomorrow = (now.date() + timedelta(days=1)).isoformat()
    other = acme.post("tranches", {"rollout_id": plan["id"], **wish, "due_on": tomorrow}).json()
    sales = DepartmentFactory.create(account=funded.account, name="Sales")
    few = {"quantity": 2, "due_on": tomorrow, "ceiling": 8_000, "department_id": sales.public_id}
    changed = acme.put(f"tranches/{other['id']}", few).json()
    assert (changed["quantity"], changed["gate_percent"], changed["ceiling"]) == (2, None, 8_000)
    assert changed["department_id"] == sales.public_id
    assert acme.put(f"tranches/{other['id']}", {**few, "department_id": None}).json()["department_id"] is None
    # Of one plan, or of all.
    assert acme.get("tranches?rollout_id=rol_x").json()["results"] == []
    rows = acme.get(f"tranches?rollout_id={plan['id']}").json()["results"]
    assert [row["id"] for row in rows] == [other["id"], made["id"]]
    assert acme.post(f"tranches/{other['id']}/cancel", {}).json()["state"] == "cancelled"
    assert [row["id"] for row in acme.get("tranches?state=cancelled").json()["results"]] == [other["id"]]
    shown = acme.get(f"rollouts/{plan['id']}").json()
    assert (shown["seats_bought"], shown["seats_to_come"], shown["next_on"]) == (10, 0, None)
    assert acme.post(f"rollouts/{plan['id']}/end", {}).json()["ended_at"] is not None


def test_what_cannot_be_is_said_and_buys_nothing(funded: Funded, now: datetime) -> None:
    acme = integrator_of(funded.owner, now)
    plan = acme.post("rollouts", {"name": "Sales"}).json()
    wish = {"rollout_id": plan["id"], "quantity": 10, "due_on": now.date().isoformat(), "ceiling": 40_000}

    assert problem(acme.post("tranches", {**wish, "quantity": 41}))["code"] == "seats_exceed_self_service"
    assert problem(acme.post("tranches", {**wish, "due_on": "2020-01-01"}))["code"] == "rollout_refused"
    assert problem(acme.post("tranches", {**wish, "owner_id": "mem_x"}))["code"] == "not_a_member"
    strange = problem(acme.post("tranches", {**wish, "department_id": "dep_x"}))
    assert (strange["code"], strange["errors"][0]["field"]) == ("rollout_refused", "department_id")
    assert acme.post("tranches", {**wish, "rollout_id": "rol_x"}).status_code == 404
    assert not Tranche.objects.exists()
    acme.post(f"rollouts/{plan['id']}/end", {})
    assert problem(acme.post("tranches", wish))["code"] == "rollout_ended"


def test_a_key_that_ended_buys_nothing(funded: Funded, now: datetime) -> None:
    acme = integrator_of(funded.owner, now)
    plan = acme.post("rollouts", {"name": "Sales"}).json()
    acme.post(
        "tranches",
        {"rollout_id": plan["id"], "quantity": 10, "due_on": now.date().isoformat(), "ceiling": 40_000},
    )
    ApiKey.objects.update(revoked_at=now)

    run_due_tranches(at=now)

    assert Tranche.objects.get().held_code == "buyer_gone"
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_a_plan_is_renamed_by_who_has_seen_it(funded: Funded, now: datetime) -> None:
    acme = integrator_of(funded.owner, now)
    path = f"rollouts/{acme.post('rollouts', {'name': 'Sales'}).json()['id']}"
    seen = acme.get(path)

    changed = acme.put(path, {"name": "Sales EU", "budget_month": 4}, if_match=seen["ETag"])

    assert (changed.status_code, changed.json()) == (200, seen.json() | {"name": "Sales EU", "budget_month": 4})
    assert changed["ETag"] == acme.get(path)["ETag"] != seen["ETag"]
    entry = AuditEntry.objects.get(action="rollout.changed")
    assert (entry.api_key, entry.data["new"]) == (acme.key, {"name": "Sales EU", "budget_month": 4})
    later = acme.put(path, {"name": "Sales EU", "budget_month": 5}, if_match=changed["ETag"])
    assert later["ETag"] != changed["ETag"]
    for tag in (seen["ETag"], changed["ETag"]):
        assert problem(acme.put(path, {"name": "Late"}, if_match=tag))["status"] == 412
    assert problem(acme.put(path, {"name": "Odd", "budget_month": 13}))["errors"][0]["field"] == "budget_month"
    acme.post(f"{path}/end", {})
    ended = problem(acme.put(path, {"name": "Late"}))
    assert (ended["status"], ended["code"]) == (409, "rollout_ended")
    assert RolloutPlan.objects.get().name == "Sales EU"


@pytest.fixture
def bea(funded: Funded, now: datetime) -> Membership:
    """Bea of finance, whose purchases need an approval."""
    BuyingPolicy.objects.create(account=funded.account, seats=0)
    return join(funded.account, "Bea", Role.BILLING, now)


def held_for_approval(buyer: Integrator, now: datetime) -> str:
    """The path of ten seats that wait for it."""
    plan = buyer.post("rollouts", {"name": "Sales"}).json()
    wish = {"rollout_id": plan["id"], "quantity": 10, "due_on": now.date().isoformat(), "ceiling": 40_000}
    made = buyer.post("tranches", {**wish, "po_number": "PO 7"}).json()
    run_due_tranches(at=now)
    return f"tranches/{made['id']}"


def test_a_program_asks_for_the_approval_of_a_tranche_and_a_person_gives_it(
    funded: Funded, bea: Membership, now: datetime
) -> None:
    buyer = integrator_of(bea, now, "seats.buy")
    path = held_for_approval(buyer, now)
    held = buyer.get(path).json()
    assert (held["state"], held["held_code"], held["request_id"]) == ("held", "approval_required", None)

    asked = buyer.post(f"{path}/ask", {}, idempotency_key="one")

    request = SeatRequest.objects.get()
    assert (asked.status_code, asked.json()) == (200, held | {"request_id": request.public_id})
    assert (request.membership, request.quantity, request.po_number) == (bea, 10, "PO 7")
    assert AuditEntry.objects.get(action="purchase_request.made").api_key == buyer.key
    for again in (buyer.post(f"{path}/ask", {}, idempotency_key="one"), buyer.post(f"{path}/ask", {})):
        assert again.json() == asked.json()
    assert SeatRequest.objects.get() == request
    assert paid(funded) == []
    approve(request, funded.owner, now)
    run_due_tranches(at=now + timedelta(minutes=10))
    assert buyer.get(path).json()["state"] == "bought"
    assert len(paid(funded)) == 1
    closed = problem(buyer.post(f"{path}/ask", {}))
    assert (closed["status"], closed["code"]) == (409, "tranche_closed")


def test_the_approval_of_a_tranche_is_asked_in_the_owners_name_once_the_keys_maker_left(
    funded: Funded, bea: Membership, now: datetime
) -> None:
    cara = join(funded.account, "Cara", Role.BILLING, now)
    buyer = integrator_of(bea, now, "seats.buy")
    path = held_for_approval(buyer, now)
    Tranche.objects.update(owner=cara)
    Membership.objects.filter(pk=bea.pk).update(left_at=now)
    assert buyer.post(f"{path}/ask", {}).status_code == 200
    assert SeatRequest.objects.get().membership == cara


def test_the_approval_of_a_tranche_is_asked_for_only_where_it_waits_for_it(
    funded: Funded, bea: Membership, outsider: Membership, now: datetime
) -> None:
    buyer = integrator_of(bea, now, "seats.buy")
    path = held_for_approval(buyer, now)
    reader = problem(integrator_of(bea, now, "seats.view").post(f"{path}/ask", {}))
    assert (reader["status"], reader["capability"]) == (403, "seats.buy")
    assert integrator_of(outsider, now).post(f"{path}/ask", {}).status_code == 404
    Tranche.objects.update(held_code="adoption_low")
    refused = problem(buyer.post(f"{path}/ask", {}))
    assert (refused["status"], refused["code"]) == (409, "tranche_not_held")
    assert not SeatRequest.objects.exists()
    assert paid(funded) == []
