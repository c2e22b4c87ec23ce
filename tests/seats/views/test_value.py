"""The value plan's pages: who sees and who edits, and what they say in each state."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client

from accounts.access.actor import Actor
from accounts.members.structure import add_place
from accounts.models import Account, Membership, Role
from seats.models import GoalReading, ValueGoal, ValuePlan, ValueReport
from seats.usage.settings import set_usage_settings
from seats.value.goals import Wish, add_goal
from seats.value.plans import start_plan
from tests.conftest import join
from tests.factories.seats import give_pool, seat, use

pytestmark = pytest.mark.django_db
HOME = "/a/acme/usage/value/"


@pytest.fixture
def admin(client_of: Callable[[Membership], Client], owner: Membership, now: datetime) -> Client:
    with transaction.atomic():
        give_pool(owner.account, 10, now)
        seat(owner, now)
    return client_of(owner)


def words(client: Client, path: str = HOME) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_from_nothing_to_a_report(admin: Client, account: Account, actor: Actor, now: datetime) -> None:
    assert "No value plan is open" in words(admin)
    assert "Set goals" in words_of_usage(admin, account, now)
    first = (now - timedelta(days=37)).date()
    assert admin.post(f"{HOME}start/", {"starts_on": first.isoformat()}).status_code == 302
    text = words(admin)
    assert "Day 37 of 90" in text
    assert "No goals yet" in text
    place = add_place(account=account, kind="department", name="Studio", actor=actor, at=now)

    form = {"name": "Projects delivered", "unit": "projects", "feature": "", "outcome": "", "baseline": "10"}
    answer = admin.post(f"{HOME}goals/add/", {**form, "target": "13", "department": place.public_id})
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    goal = ValueGoal.objects.get()
    assert (goal.name, goal.target, goal.department, goal.source) == (
        "Projects delivered",
        Decimal(13),
        place,
        "entered",
    )
    page = f"{HOME}goals/{goal.public_id}/"
    assert admin.post(f"{page}value/", {"value": "13.5", "day": now.date().isoformat()}).status_code == 302
    assert "1 of 1 goal reached." in words(admin)
    assert "Value proven on" in words(admin, page)
    assert "+35 %" in words(admin, page)
    assert "1 of 1 goal reached" in words_of_usage(admin, account, now)

    assert admin.post(f"{page}change/", {**form, "target": "14"}).status_code == 302
    assert "0 of 1 goal reached." in words(admin)
    answer = admin.post(f"{HOME}end/")
    report = ValueReport.objects.get()
    assert answer["Location"] == f"{HOME}reports/{report.public_id}/"
    text = words(admin, answer["Location"])
    assert "0 of 1 goal reached." in text
    assert "Not reached" in text
    assert "Reports" in words(admin)
    # What has ended is read and no longer changed.
    assert f"{page}change/" not in words(admin, page)
    assert admin.post(f"{page}value/", {"value": "14", "day": now.date().isoformat()}).status_code == 422
    assert list(GoalReading.objects.values_list("value", flat=True)) == [Decimal("13.5")]


def words_of_usage(client: Client, account: Account, now: datetime) -> str:
    owner = Membership.objects.get(account=account, role=Role.OWNER)
    use(owner, now, days=1)
    return words(client, "/a/acme/usage/")


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"target": ""}, "target", "This field is required."),
        ({"target": "10"}, "target", "The target is where it stands already. Choose another one."),
        ({"baseline": ""}, "baseline", "Enter where it stands today: the target is compared with it."),
        ({"feature": "Nothing"}, "feature", "Nothing"),
        ({"department": "dep_elsewhere"}, "department", "Select a valid choice"),
    ],
)
def test_a_goal_that_cannot_be_kept_says_why_at_its_field(
    admin: Client, account: Account, actor: Actor, now: datetime, typed: dict[str, str], field: str, says: str
) -> None:
    start_plan(account=account, starts_on=now.date(), actor=actor, at=now)
    form = {"name": "Projects", "unit": "projects", "baseline": "10", "target": "13"}

    answer = admin.post(f"{HOME}goals/add/", {**form, **typed})

    assert answer.status_code == 422
    assert says in str(answer.context["form"].errors[field])
    assert not ValueGoal.objects.exists()


def test_a_day_out_of_reach_is_told_at_its_field(admin: Client, now: datetime) -> None:
    answer = admin.post(f"{HOME}start/", {"starts_on": "2001-01-01"})

    assert answer.status_code == 422
    assert "within the last 89 days" in answer.content.decode()
    assert not ValuePlan.objects.exists()


def test_viewers_see_and_admins_edit(
    admin: Client, account: Account, actor: Actor, now: datetime, client_of: Callable[[Membership], Client]
) -> None:
    start_plan(account=account, starts_on=now.date(), actor=actor, at=now)
    wish = Wish(name="Projects", unit="projects", baseline=Decimal(10), target=Decimal(13))
    goal = add_goal(account=account, wish=wish, actor=actor, at=now)
    viewer = client_of(join(account, "Vera", Role.VIEWER, now))
    page = f"{HOME}goals/{goal.public_id}/"

    assert "Projects" in words(viewer)
    assert "Add a goal" not in words(viewer)
    assert "Enter a value" not in words(viewer, page)
    assert "Enter a value" in words(admin, page)
    for path in ("start/", "end/", "goals/add/", *(f"goals/{goal.public_id}/{act}/" for act in ("value", "change"))):
        assert viewer.post(HOME + path, {"value": "13", "day": now.date().isoformat()}).status_code == 403
    assert viewer.post(f"{page}remove/").status_code == 403
    assert not GoalReading.objects.exists()
    assert not ValueReport.objects.exists()
    assert admin.get(f"{page}remove/").status_code == 200
    assert admin.post(f"{page}remove/").status_code == 302
    assert not ValueGoal.objects.exists()


def test_privacy_mode_withholds_what_few_people_did(
    admin: Client, account: Account, owner: Membership, actor: Actor, now: datetime
) -> None:
    use(owner, now, days=1, times=20)
    start_plan(account=account, starts_on=now.date(), actor=actor, at=now)
    wish = Wish(name="Reports made", unit="reports", baseline=Decimal(1), target=Decimal(19), feature="Reports")
    goal = add_goal(account=account, wish=wish, actor=actor, at=now)
    assert "Value proven" in words(admin)

    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)

    for path in (HOME, f"{HOME}goals/{goal.public_id}/", "/a/acme/usage/"):
        text = words(admin, path)
        assert "withheld: fewer than five people" in text
        assert "Value proven" not in text
        assert ">20<" not in text
