"""The value plan, the return on the seats and the peers, for programs: what the pages say, and no more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership
from seats.holders.assign_seat import assign_seat
from seats.insight.activity import today_in
from seats.models import GoalReading, RoiVersion, UsageSettings, ValueGoal, ValuePlan, ValueReport
from seats.usage.settings import set_usage_settings
from seats.value.goals import measure_goals
from seats.value.peers import make_peer_bands
from tests.conftest import Funded, make_account
from tests.factories.seats import crowd, give_pool, use
from tests.integrator import Integrator, integrator_of, problem
from tests.seats.value.test_peers import fill, others

pytestmark = pytest.mark.django_db
PROJECTS = {"name": "Projects", "unit": "projects", "baseline": "10.00", "target": "13.00"}
COUNTED = {"name": "Reports", "unit": "reports", "baseline": "10.00", "target": "13.00", "feature": "Reports"}


@pytest.fixture(autouse=True)
def ten(account: Account, now: datetime) -> None:
    with transaction.atomic():
        give_pool(account, 10, now)


@pytest.fixture
def first(acme: Integrator, account: Account, now: datetime) -> str:
    """A plan on its tenth day; its first day."""
    day = (today_in(account, now) - timedelta(days=10)).isoformat()
    assert acme.post("value/plan", {"starts_on": day}).status_code == 201
    return day


def private(account: Account, actor: Actor) -> None:
    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)


def test_ninety_days_from_the_first_to_the_report(acme: Integrator, account: Account, now: datetime) -> None:
    assert acme.get("value/plan").status_code == 404
    today = today_in(account, now)
    began = today - timedelta(days=10)

    made = acme.post("value/plan", {"starts_on": began.isoformat()}, idempotency_key="one")

    row = ValuePlan.objects.get()
    on = {number: (began + timedelta(days=number)).isoformat() for number in (7, 30, 60, 90)}
    assert (made.status_code, made.json()) == (
        201,
        {
            "id": row.public_id,
            "starts_on": began.isoformat(),
            "ends_on": on[90],
            "day": 10,
            "check_ins": [{"day": day, "on": on[day], "done": day == 7} for day in (7, 30, 60, 90)],
            "goals": [],
            "met": 0,
        },
    )
    assert AuditEntry.objects.get(action="value.plan_started").api_key == acme.key
    assert acme.post("value/plan", {"starts_on": began.isoformat()}, idempotency_key="one").json() == made.json()
    assert problem(acme.post("value/plan", {"starts_on": today.isoformat()}))["code"] == "plan_open"
    goal = acme.post("value/goals", PROJECTS).json()
    acme.post(f"value/goals/{goal['id']}/values", {"day": today.isoformat(), "value": "13"})
    assert acme.get("value/plan").json()["met"] == 1

    ended = acme.post("value/plan/end", {})

    report = ValueReport.objects.get()
    assert ended.status_code == 201
    assert (ended.json()["id"], ended.json()["kind"]) == (report.public_id, "value_report")
    assert acme.get(f"reports/{report.public_id}").json()["value_report"]["goals"][0]["met"] is True
    assert acme.get("value/plan").status_code == 404
    assert problem(acme.post("value/plan/end", {}))["code"] == "plan_ended"
    assert acme.get(f"value/goals/{goal['id']}").json()["met"] is True


def test_a_goal_is_added_changed_and_removed(acme: Integrator, first: str, account: Account, now: datetime) -> None:
    made = acme.post("value/goals", PROJECTS)

    row = ValueGoal.objects.get()
    path = f"value/goals/{row.public_id}"
    shown = {
        "id": row.public_id,
        "name": "Projects",
        "unit": "projects",
        "source": "entered",
        "feature": "",
        "outcome": "",
        "department_id": None,
        "baseline": "10.00",
        "target": "13.00",
        "value": None,
        "value_on": None,
        "percent": None,
        "met": False,
        "met_on": None,
        "withheld": False,
    }
    assert (made.status_code, made.json()) == (201, shown)
    assert acme.get(path).json() == shown == acme.get("value/plan").json()["goals"][0]
    today = today_in(account, now).isoformat()

    entered = acme.post(f"{path}/values", {"day": today, "value": "12.5"})

    assert (entered.status_code, entered.json()) == (
        200,
        shown | {"value": "12.50", "value_on": today, "percent": 83},
    )
    acme.post(f"{path}/values", {"day": today, "value": "13.00"})
    assert acme.get(path).json() == shown | {
        "value": "13.00",
        "value_on": today,
        "percent": 100,
        "met": True,
        "met_on": today,
    }
    assert acme.get(f"{path}/values").json()["results"] == [{"day": today, "value": "13.00", "entered_by": None}]
    # A value alone is no change of the goal.
    assert acme.get(path)["ETag"] == made["ETag"]
    department = acme.post("departments", {"name": "Sales"}).json()["id"]
    wish = PROJECTS | {"target": "14.00", "department_id": department}
    changed = acme.put(path, wish, if_match=made["ETag"])
    assert (changed.status_code, changed.json()["target"], changed.json()["department_id"]) == (
        200,
        "14.00",
        department,
    )
    assert changed.json()["met"] is False
    for late in (acme.put(path, PROJECTS, if_match=made["ETag"]), acme.delete(path, if_match=made["ETag"])):
        assert problem(late)["code"] == "precondition_failed"
    assert ValueGoal.objects.get().target == 14
    assert acme.delete(path, if_match=changed["ETag"]).status_code == 204
    assert acme.get(path).status_code == 404
    assert not GoalReading.objects.exists()
    actions = AuditEntry.objects.filter(action__startswith="value.goal").order_by("pk")
    assert [(entry.action, entry.api_key) for entry in actions] == [
        ("value.goal_added", acme.key),
        ("value.goal_changed", acme.key),
        ("value.goal_removed", acme.key),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target": 13}, "target"),
        ({"target": "13.001"}, "target"),
        ({"target": "NaN"}, "target"),
        ({"target": "Infinity"}, "target"),
        ({"target": "1e400"}, "target"),
        ({"target": None}, "target"),
        ({"target": ["13"]}, "target"),
        ({"target": "10"}, "target"),
        ({"baseline": 1}, "baseline"),
        ({"baseline": None}, "baseline"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"unit": ""}, "unit"),
        ({"feature": "Nothing"}, "feature"),
        ({"feature": 7}, "feature"),
        ({"department_id": "dep_x"}, "department_id"),
        ({"value": "3"}, "value"),
    ],
)
def test_what_is_no_goal_is_named_and_kept_nowhere(
    acme: Integrator, first: str, change: dict[str, Any], field: str
) -> None:
    refused = problem(acme.post("value/goals", PROJECTS | change))
    # A department that is none is a setting, as everywhere.
    status = 400 if field == "department_id" else 422
    assert (refused["status"], [error["field"] for error in refused["errors"]]) == (status, [field])
    assert not ValueGoal.objects.exists()


def test_without_a_plan_there_is_nothing_to_add_to(acme: Integrator) -> None:
    refused = problem(acme.post("value/goals", PROJECTS))
    assert (refused["status"], refused["code"]) == (409, "plan_ended")
    assert problem(acme.post("value/plan", {"starts_on": "2019-01-01"}))["errors"][0]["field"] == "starts_on"
    assert not ValuePlan.objects.exists()


def test_a_counted_goal_takes_no_value(acme: Integrator, first: str, owner: Membership, now: datetime) -> None:
    use(owner, now, days=3, times=5)
    goal = acme.post("value/goals", COUNTED).json()
    assert (goal["source"], goal["value"], goal["met"]) == ("counted", "15.00", True)
    other = problem(acme.post("value/goals", COUNTED | {"feature": "Nothing"}))
    assert (other["code"], other["errors"][0]["field"]) == ("goal_refused", "feature")
    today = today_in(owner.account, now).isoformat()
    refused = problem(acme.post(f"value/goals/{goal['id']}/values", {"day": today, "value": "99"}))
    assert (refused["status"], refused["code"]) == (422, "goal_refused")
    assert [str(one.value) for one in GoalReading.objects.all()] == ["15.00"]


def test_privacy_mode_withholds_what_four_people_did(
    acme: Integrator, first: str, account: Account, actor: Actor, now: datetime
) -> None:
    people = crowd(account, 4, now)
    for person in people:
        use(person, now, days=1, times=5)
    path = f"value/goals/{acme.post('value/goals', COUNTED).json()['id']}"
    seen = acme.get(path).json()
    assert (seen["value"], seen["met"], seen["withheld"]) == ("20.00", True, False)

    private(account, actor)

    hidden = {"value": None, "value_on": None, "percent": None, "met": False, "met_on": None, "withheld": True}
    assert acme.get(path).json() == seen | hidden
    assert acme.get("value/plan").json()["goals"] == [seen | hidden]
    assert acme.get("value/plan").json()["met"] == 0
    assert acme.get(f"{path}/values").json()["results"] == []
    # No other feature of few people can be counted, so nobody learns of it by a goal.
    use(people[0], now, days=1, feature="Salary export")
    refused = problem(acme.post("value/goals", COUNTED | {"feature": "Salary export"}))
    assert refused["errors"][0]["field"] == "feature"
    assert problem(acme.put(path, COUNTED | {"feature": "Salary export"}))["errors"][0]["field"] == "feature"
    assert ValueGoal.objects.get().feature == "Reports"


def test_that_few_people_reached_it_stays_withheld_when_more_do_it_later(
    acme: Integrator,
    first: str,
    account: Account,
    owner: Membership,
    actor: Actor,
    client_of: Callable[[Membership], Client],
    now: datetime,
) -> None:
    """On the goal's own page too."""
    for person in crowd(account, 4, now):
        use(person, now, days=1, times=5)
    goal = acme.post("value/goals", COUNTED).json()
    private(account, actor)
    later = now + timedelta(days=1)
    use(owner, later, days=1)
    assert measure_goals(at=later) == 1

    shown = acme.get(f"value/goals/{goal['id']}").json()

    assert (shown["value"], shown["met"], shown["met_on"]) == ("22.00", False, None)
    assert [row["value"] for row in acme.get(f"value/goals/{goal['id']}/values").json()["results"]] == ["22.00"]
    page = client_of(owner).get(f"/a/acme/usage/value/goals/{goal['id']}/")
    assert page.status_code == 200
    assert page.context["standing"].met is False


@pytest.mark.django_db(transaction=True)
def test_the_return_is_the_pages(funded: Funded, owner: Membership, now: datetime) -> None:
    assign_seat(account=funded.account, membership=owner, actor=funded.actor, at=now)
    use(owner, now, days=1)
    acme = integrator_of(owner, now)
    wish = {"hours": "2.50", "hour_cost": 6050, "share": 50}

    made = acme.post("value/returns", wish)

    row = RoiVersion.objects.get()
    shown = {
        "id": row.public_id,
        "saved_at": made.json()["saved_at"],
        "saved_by": None,
        "currency": "usd",
        "hours": "2.50",
        "hour_cost": 6050,
        "share": 50,
        "active": 1,
        # 1 × 2.5 h × 52 × $60.50 × 50 % beside ten seats at $50.00 a month.
        "benefit": 3932_50,
        "cost": 6000_00,
        "cost_source": "invoice",
        "net": 3932_50 - 6000_00,
        "percent": -35,
        "break_even_hours": "3.82",
        "cases": [
            {"hours": "1.25", "benefit": 1966_25, "net": 1966_25 - 6000_00, "percent": -68},
            {"hours": "2.50", "benefit": 3932_50, "net": 3932_50 - 6000_00, "percent": -35},
            {"hours": "3.75", "benefit": 5898_75, "net": 5898_75 - 6000_00, "percent": -2},
        ],
    }
    assert (made.status_code, made.json()) == (201, shown)
    assert acme.post("value/returns", wish).json() == shown
    assert acme.get("value/returns").json()["results"] == [shown]
    assert AuditEntry.objects.get(action="roi.saved").api_key == acme.key

    blind = integrator_of(owner, now, "usage.view").get("value/returns").json()["results"]

    unpriced = {"cost": None, "cost_source": "", "net": None, "percent": None, "break_even_hours": None}
    cases = [case | {"net": None, "percent": None} for case in shown["cases"]]
    assert blind == [shown | unpriced | {"cases": cases}]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hours": "80.01"}, "hours"),
        ({"hours": "-1"}, "hours"),
        ({"hours": 2.5}, "hours"),
        ({"hour_cost": "60"}, "hour_cost"),
        ({"hour_cost": 60.5}, "hour_cost"),
        ({"hour_cost": -1}, "hour_cost"),
        ({"hour_cost": 10**30}, "hour_cost"),
        ({"share": 101}, "share"),
        ({"share": True}, "share"),
    ],
)
def test_what_is_no_assumption(acme: Integrator, change: dict[str, Any], field: str) -> None:
    refused = problem(acme.post("value/returns", {"hours": "2", "hour_cost": 6000, "share": 50} | change))
    assert (refused["status"], [error["field"] for error in refused["errors"]]) == (422, [field])
    assert not RoiVersion.objects.exists()


def test_peers_are_shown_from_five_others_on(acme: Integrator, account: Account, now: datetime) -> None:
    fill(account, now, active=5)
    nobody: dict[str, Any] = {"others": 0, "lower_quarter": None, "median": None, "upper_quarter": None}
    nobody |= {"place": "", "counted_at": None}
    few = {"state": "few", "own": 50, "industry": "media", "size": "1–10", **nobody}
    others(now, 3, 6, 7, 8)
    make_peer_bands(at=now)
    assert acme.get("value/peers").json() == few
    one_more = fill(make_one_more(now), now, active=9)
    make_peer_bands(at=now)

    assert acme.get("value/peers").json() == few | {
        "state": "band",
        "others": 5,
        "lower_quarter": 53,
        "median": 65,
        "upper_quarter": 78,
        "place": "below",
        "counted_at": now.isoformat().replace("+00:00", "Z"),
    }
    UsageSettings.objects.create(account=one_more, peers=False)
    make_peer_bands(at=now + timedelta(days=1))
    assert acme.get("value/peers").json() == few
    UsageSettings.objects.create(account=account, peers=False)
    assert acme.get("value/peers").json()["state"] == "off"


def make_one_more(now: datetime) -> Account:
    """A fifth of them."""
    return make_account("Peer nine", now, owner="O9", domain="p9.example").account


def test_who_may_not_hears_and_changes_nothing(
    acme: Integrator, first: str, owner: Membership, outsider: Membership, now: datetime
) -> None:
    goal = acme.post("value/goals", PROJECTS).json()["id"]
    path, today = f"value/goals/{goal}", today_in(owner.account, now).isoformat()
    nothing = integrator_of(owner, now, "seats.view")
    reader, stranger = integrator_of(owner, now, "usage.view"), integrator_of(outsider, now)
    for where in ("value/plan", path, f"{path}/values", "value/returns", "value/peers"):
        refused = problem(nothing.get(where))
        assert (refused["status"], refused["capability"]) == (403, "usage.view"), where
    for method, where, body in (
        ("POST", "value/plan", {"starts_on": today}),
        ("POST", "value/plan/end", {}),
        ("POST", "value/goals", PROJECTS),
        ("PUT", path, PROJECTS | {"target": "20"}),
        ("DELETE", path, None),
        ("POST", f"{path}/values", {"day": today, "value": "13"}),
        ("POST", "value/returns", {"hours": "2", "hour_cost": 6000, "share": 50}),
    ):
        refused = problem(reader.ask(method, where, body))
        assert (refused["status"], refused["capability"]) == (403, "account.manage"), (method, where)
    for method, where, body in (
        ("GET", path, None),
        ("PUT", path, PROJECTS | {"target": "20"}),
        ("DELETE", path, None),
        ("GET", f"{path}/values", None),
        ("POST", f"{path}/values", {"day": today, "value": "13"}),
    ):
        assert stranger.ask(method, where, body).status_code == 404, (method, where)
    assert stranger.get("value/plan").status_code == 404
    assert stranger.get("value/returns").json()["results"] == []
    assert (ValuePlan.objects.count(), str(ValueGoal.objects.get().target)) == (1, "13.00")
    assert not GoalReading.objects.exists()
    assert not RoiVersion.objects.exists()
    assert not ValueReport.objects.exists()
