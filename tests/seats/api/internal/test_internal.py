"""The vendor's own API: who may in, what it lists, and that its acts are the verbs of the staff's pages."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.access.actor import Actor
from accounts.keys.staff_keys import revoke_staff_key
from accounts.models import AuditEntry, Membership, StaffKey, User
from seatportal.kit import clock
from seats.growth.mark_accounts import mark_accounts
from seats.models import ExpansionTask, LedgerEntry, Signal
from tests.conftest import make_user
from tests.factories.seats import give_pool
from tests.integrator import integrator_of, problem
from tests.seats.api.internal.conftest import PREFIX, ToolMaker, busy_account, task_of

pytestmark = pytest.mark.django_db
PATHS = ("signals", "tasks", "metrics")


def written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def trail() -> list[tuple[str, str, Any, str]]:
    found = AuditEntry.objects.filter(action__startswith="task.").order_by("pk")
    return [(entry.action, entry.summary, entry.user, entry.door) for entry in found]


def test_nobody_else_is_let_in(imani: User, owner: Membership, tool_of: ToolMaker, now: datetime) -> None:
    """A stranger, a customer's key, a session of the staff's browser, a wrong, an ended and a revoked key."""
    tool = tool_of(imani)
    browser = Client()
    browser.force_login(imani, backend="django.contrib.auth.backends.ModelBackend")
    secrets = {
        "none": None,
        "customer": integrator_of(owner, now).secret,
        "wrong": tool.secret[:-1] + ("a" if tool.secret[-1] != "a" else "b"),
        "revoked": tool_of(imani).secret,
    }
    revoke_staff_key(key=imani.staff_keys.latest("pk"), actor=Actor(user=imani, door="admin"), at=now)

    for path in PATHS:
        assert browser.get(PREFIX + path).status_code == 401
        for who, secret in secrets.items():
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            answer = Client().get(PREFIX + path, headers=headers)
            assert (who, problem(answer)["status"]) == (who, 401)
        assert tool.get(path).status_code == 200
    # And a staff key opens nothing of a customer's.
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {tool.secret}"}).status_code == 401


def test_the_end_of_a_key_is_its_end(imani: User, tool_of: ToolMaker, now: datetime) -> None:
    tool = tool_of(imani)
    assert tool.get("tasks").status_code == 200

    StaffKey.objects.update(expires_at=now)

    assert tool.get("tasks").status_code == 401


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_who_leaves_takes_the_keys_along(imani: User, tool_of: ToolMaker, change: dict[str, bool]) -> None:
    tool = tool_of(imani)
    User.objects.filter(pk=imani.pk).update(**change)

    assert tool.get("tasks").status_code == 401


def test_a_key_may_what_it_was_given_and_its_person_still_may(tool_of: ToolMaker, now: datetime) -> None:
    jonas = make_user("Jonas", domain="vendor.example", is_staff=True)
    view = Permission.objects.get(codename="view_expansiontask")
    jonas.user_permissions.set([view, Permission.objects.get(codename="view_signal")])
    task = task_of(busy_account("Acme", now, active=8))
    tool = tool_of(User.objects.get(pk=jonas.pk), "seats.view_expansiontask")

    assert tool.get("tasks").status_code == 200
    refused = tool.get("signals")  # Jonas may, the key may not.
    assert (problem(refused)["code"], problem(refused)["capability"]) == ("capability_missing", "seats.view_signal")
    refused = tool.post(f"tasks/{task.public_id}/close", {"outcome": "lost", "reason": "No"})
    assert (refused.status_code, problem(refused)["capability"]) == (403, "seats.change_expansiontask")
    task.refresh_from_db()
    assert (task.state, trail()) == ("open", [])

    jonas.user_permissions.remove(view)

    assert tool.get("tasks").status_code == 403


def test_signals_of_all_accounts(imani: User, tool_of: ToolMaker, now: datetime) -> None:
    tool = tool_of(imani)
    acme, beta = busy_account("Acme", now, active=8), busy_account("Beta", now, active=2)

    rows = tool.get("signals").json()["results"]

    assert {row["account"]["slug"] for row in rows} == {acme.slug, beta.slug}
    [crossed] = tool.get(f"signals?account={acme.slug}&kind=crossed_80").json()["results"]
    signal = Signal.objects.get(account=acme, kind="crossed_80")
    assert crossed == {
        "id": signal.public_id,
        "account": {"slug": acme.slug, "name": "Acme"},
        "kind": "crossed_80",
        "title": "80 % of the seats in use",
        "text": "Assigned 8 of 10, active in the last 30 days 8 of 10.",
        "rule": "At least 80 % of the purchased seats are assigned or active. Told once; again only after both fell "
        "below 75 %.",
        "subject": "",
        "evidence": signal.evidence,
        "seats": signal.seats,
        "score": signal.score,
        "day": now.date().isoformat(),
        "seen_at": written(now),
        "ended_at": None,
        "task_id": task_of(acme).public_id,
    }
    assert tool.get("signals?state=ended").json()["results"] == []
    assert problem(tool.get("signals?kind=nonsense"))["errors"][0]["field"] == "kind"


def test_tasks_are_listed_and_found(imani: User, tool_of: ToolMaker, now: datetime) -> None:
    tool = tool_of(imani)
    acme, beta = busy_account("Acme", now, active=8), busy_account("Beta", now, active=2)
    task = task_of(acme)

    def ids(query: str) -> list[str]:
        return [row["id"] for row in tool.get(f"tasks?{query}").json()["results"]]

    assert ids("") == [task_of(beta).public_id, task.public_id]
    assert ids(f"account={acme.slug}") == [task.public_id]
    assert ids("playbook=adoption") == [task_of(beta).public_id]
    assert ids("state=live") == [task_of(beta).public_id, task.public_id]
    assert ids("state=won") == ids("owner=nobody@vendor.example") == []
    assert ids(f"due_by={(task.due_on - timedelta(days=1)).isoformat()}") == []
    assert len(ids(f"due_by={task.due_on.isoformat()}")) == 2
    one = tool.get(f"tasks/{task.public_id}").json()
    assert one == {
        "id": task.public_id,
        "account": {"slug": acme.slug, "name": "Acme"},
        "playbook": "capacity",
        "title": "Talk about more seats",
        "steps": one["steps"],
        "pattern": task.pattern,
        "subject": "",
        "expands": True,
        "state": "open",
        "owner": None,
        "opened_at": written(now),
        "due_on": task.due_on.isoformat(),
        "snoozed_until": None,
        "seats": task.quantity,
        "worth": None,
        "signal_ids": sorted(task.signals.values_list("public_id", flat=True), key=one["signal_ids"].index),
        "closed_at": None,
        "closed_by": None,
        "reason": "",
        "won_by": None,
    }
    assert len(one["steps"]) == 2
    assert one["signal_ids"] != []
    assert tool.get("tasks/tsk_nothing").status_code == 404


def test_listing_costs_the_same_for_one_and_three(
    imani: User, tool_of: ToolMaker, now: datetime, django_assert_num_queries: Any
) -> None:
    tool = tool_of(imani)
    busy_account("Acme", now, active=8)
    tool.get("tasks")
    with django_assert_num_queries(3):  # the key, the tasks, their signals
        assert len(tool.get("tasks").json()["results"]) == 1
    busy_account("Beta", now, active=8)
    busy_account("Gamma", now, active=8)
    with django_assert_num_queries(3):
        assert len(tool.get("tasks").json()["results"]) == 3


def test_taken_put_off_and_won(imani: User, tool_of: ToolMaker, now: datetime) -> None:
    tool = tool_of(imani)
    acme = busy_account("Acme", now, active=8)
    path = f"tasks/{task_of(acme).public_id}"
    jonas = make_user("Jonas", domain="vendor.example", is_staff=True)

    assert tool.post(f"{path}/take", {"reason": "Mine"}).json()["owner"] == imani.email
    assert tool.post(f"{path}/take", {"reason": "His", "owner": jonas.email}).json()["owner"] == jonas.email
    snoozed = tool.post(f"{path}/snooze", {"reason": "Holidays"}).json()
    assert (snoozed["state"], snoozed["snoozed_until"]) == (
        "snoozed",
        (clock.now().date() + timedelta(days=7)).isoformat(),
    )
    nothing = tool.post(f"{path}/close", {"outcome": "won", "reason": "They will"})
    assert (nothing.status_code, problem(nothing)["code"]) == (409, "nothing_won")
    give_pool(acme, 12, now + timedelta(minutes=1))
    won = tool.post(f"{path}/close", {"outcome": "won", "reason": "Two more"}).json()

    entry = LedgerEntry.objects.get(account=acme, purchased_after=12)
    assert (won["state"], won["won_by"], won["closed_by"], won["reason"]) == (
        "won",
        entry.public_id,
        imani.email,
        "Two more",
    )
    again = tool.post(f"{path}/close", {"outcome": "lost", "reason": "Again"})
    assert (again.status_code, problem(again)["code"]) == (409, "task_closed")
    assert trail() == [
        ("task.taken", "Mine", imani, "api"),
        ("task.taken", "His", imani, "api"),
        ("task.snoozed", "Holidays", imani, "api"),
        ("task.won", "Two more", imani, "api"),
    ]


@pytest.mark.parametrize(
    ("act", "body", "status", "field"),
    [
        ("close", {"outcome": "won"}, 422, "reason"),
        ("close", {"outcome": "gone", "reason": "x"}, 422, "outcome"),
        ("close", {"outcome": "done", "reason": "x"}, 409, None),
        ("take", {"reason": "x", "owner": "owner@acme.example"}, 422, "owner"),
        ("take", {"reason": "x", "who": "me"}, 422, "who"),
        ("snooze", {"reason": ""}, 422, "reason"),
        ("snooze", [], 422, "non_field_errors"),
    ],
)
def test_refusals_change_nothing(
    imani: User, tool_of: ToolMaker, now: datetime, act: str, body: Any, status: int, field: str | None
) -> None:
    tool = tool_of(imani)
    task = task_of(busy_account("Acme", now, active=8))
    before = ExpansionTask.objects.values().get(pk=task.pk)

    refused = tool.post(f"tasks/{task.public_id}/{act}", body)

    assert refused.status_code == status
    assert [error["field"] for error in problem(refused).get("errors", [])] == ([field] if field else [])
    assert ExpansionTask.objects.values().get(pk=task.pk) == before
    assert trail() == []


def test_only_staff_can_own_a_task(imani: User, tool_of: ToolMaker, owner: Membership, now: datetime) -> None:
    task = task_of(busy_account("Beta", now, active=8))

    refused = tool_of(imani).post(f"tasks/{task.public_id}/take", {"reason": "x", "owner": owner.user.email})

    assert (refused.status_code, problem(refused)["errors"][0]["field"]) == (422, "owner")
    task.refresh_from_db()
    assert (task.owner, trail()) == (None, [])


def test_work_that_is_no_sale_is_done(imani: User, tool_of: ToolMaker, now: datetime) -> None:
    tool = tool_of(imani)
    task = task_of(busy_account("Beta", now, active=2))

    refused = tool.post(f"tasks/{task.public_id}/close", {"outcome": "lost", "reason": "No"})
    assert problem(refused)["code"] == "outcome_refused"

    done = tool.post(f"tasks/{task.public_id}/close", {"outcome": "done", "reason": "Trained"}).json()
    assert (done["state"], done["reason"]) == ("done", "Trained")


def test_metrics_are_those_of_the_page(imani: User, tool_of: ToolMaker, now: datetime) -> None:
    tool = tool_of(imani)
    assert tool.get("metrics").json() == {"month": None, "counted_at": None, "segments": [], "causes": []}
    busy_account("Acme", now, active=8)
    busy_account("Beta", now, active=2)
    mark_accounts(at=now)

    found = tool.get("metrics?by=size").json()

    assert (found["month"], found["counted_at"]) == (now.date().replace(day=1).isoformat(), written(now))
    [segment] = found["segments"]
    assert segment == {
        "segment": "1–10",
        "accounts": 2,
        "seats": 20,
        "active": segment["active"],
        "seats_per_account": 10.0,
        "expansion_percent": None,
        "use_percent": segment["active"] * 5,
        "days_to_expansion": None,
        "expanded": 0,
        "waiting": 2,
        "ready": segment["ready"],
        "neutral": segment["neutral"],
        "low": segment["low"],
        "health": segment["health"],
    }
    assert problem(tool.get("metrics?by=shoe"))["errors"][0]["field"] == "by"
