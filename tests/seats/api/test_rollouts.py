"""Rollouts and tranches for programs."""

from datetime import datetime, timedelta

import pytest

from accounts.models import ApiKey, AuditEntry
from seats.models import RolloutPlan, Tranche
from seats.rollout.run_tranches import run_due_tranches
from tests.conftest import Funded
from tests.integrator import integrator_of, problem

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
    changed = acme.put(f"tranches/{other['id']}", {"quantity": 2, "due_on": tomorrow, "ceiling": 8_000}).json()
    assert (changed["quantity"], changed["gate_percent"], changed["ceiling"]) == (2, None, 8_000)
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
    assert problem(acme.put(path, {"name": "Late"}, if_match=seen["ETag"]))["status"] == 412
    assert problem(acme.put(path, {"name": "Odd", "budget_month": 13}))["errors"][0]["field"] == "budget_month"
    acme.post(f"{path}/end", {})
    ended = problem(acme.put(path, {"name": "Late"}))
    assert (ended["status"], ended["code"]) == (409, "rollout_ended")
    assert RolloutPlan.objects.get().name == "Sales EU"
