"""GET /api/v1/ledger and /signals"""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, Membership, Role
from seats.insight.activity import today_in
from seats.models import LedgerEntry, Signal, UsageSettings
from seats.value.goals import Wish, add_goal
from seats.value.plans import start_plan
from tests.conftest import join
from tests.factories.seats import give_pool, seat, use
from tests.integrator import Integrator, integrator_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_the_lines(acme: Integrator, account: Account, owner: Membership, now: datetime) -> None:
    give_pool(account, 10, now - 3 * DAY)
    seat(owner, now)

    second, first = acme.get("ledger").json()["results"]

    row = LedgerEntry.objects.get(kind="assigned")
    assert second == {
        "id": row.public_id,
        "at": row.at.isoformat().replace("+00:00", "Z"),
        "kind": "assigned",
        "purchased_before": 10,
        "purchased_after": 10,
        "assigned_before": 0,
        "assigned_after": 1,
        "person": None,
        "from_member_id": None,
        "to_member_id": owner.public_id,
        "to_email": "",
        "reason": "",
        "order_id": "",
        "invoice_id": None,
    }
    assert (first["kind"], first["purchased_after"]) == ("started", 10)
    assert acme.get("ledger?kind=purchases").json()["results"] == [first]
    assert acme.get("ledger?kind=assigned").json()["results"] == [second]
    assert acme.get(f"ledger?to={(now - 3 * DAY).date()}").json()["results"] == [first]
    assert acme.get(f"ledger?from={(now - 2 * DAY).date()}").json()["results"] == [second]
    page = acme.get("ledger?limit=1").json()
    assert acme.get(page["next"].rpartition("/api/v1/")[2]).json()["results"] == [first]


@pytest.fixture
def signals(account: Account, now: datetime) -> None:
    seats = {"purchased": 10, "assigned": 8, "active": 6}
    for kind, evidence in (
        (Signal.Kind.CROSSED, seats),
        (Signal.Kind.POWER_USERS, {"people": 3}),
        (Signal.Kind.CHAMPION_LEFT, {"champion": "Cem", "others": 1}),
        (Signal.Kind.CHECK_IN, {"day": 30}),
    ):
        Signal.objects.create(account=account, kind=kind, day=now.date(), seen_at=now, evidence=evidence, seats=1)
    Signal.objects.create(
        account=account, kind=Signal.Kind.FULL, day=now.date(), seen_at=now - DAY, evidence=seats, ended_at=now
    )


def test_a_customer_sees_the_same_figures_and_rules_without_notes(
    acme: Integrator, signals: None, now: datetime
) -> None:
    rows = acme.get("signals").json()["results"]

    assert [row["kind"] for row in rows] == ["limit_reached", "power_users", "crossed_80"]
    crossed = rows[2]
    assert crossed == {
        "id": Signal.objects.get(kind="crossed_80").public_id,
        "kind": "crossed_80",
        "title": "80 % of the seats in use",
        "text": "Assigned 8 of 10, active in the last 30 days 6 of 10.",
        "rule": crossed["rule"],
        "seats": 1,
        "day": f"{now.date()}",
        "seen_at": now.isoformat().replace("+00:00", "Z"),
        "ended_at": None,
    }
    assert crossed["rule"].startswith("At least 80 % of the purchased seats")
    assert [row["kind"] for row in acme.get("signals?state=ended").json()["results"]] == ["limit_reached"]
    assert [row["kind"] for row in acme.get("signals?state=open&kind=crossed_80").json()["results"]] == ["crossed_80"]
    assert acme.get("signals?kind=champion_left").status_code == 422


def test_privacy_mode_tells_nothing_of_few(acme: Integrator, account: Account, signals: None) -> None:
    UsageSettings.objects.create(account=account, groups_only=True)

    assert [row["kind"] for row in acme.get("signals").json()["results"]] == ["limit_reached", "crossed_80"]


def test_privacy_mode_names_no_new_leader_and_no_goal_of_few(
    acme: Integrator, account: Account, actor: Actor, now: datetime
) -> None:
    """What was seen before it was on does not stay readable."""
    use(join(account, "Mia", Role.MEMBER, now), now, days=1, times=20)
    start_plan(account=account, starts_on=today_in(account, now), actor=actor, at=now)
    wish = Wish(name="Reports", unit="reports", baseline=Decimal(1), target=Decimal(19), feature="Reports")
    goal = add_goal(account=account, wish=wish, actor=actor, at=now)
    evidence = {"goal": "Reports", "unit": "reports", "department": "", "baseline": "1", "target": "19", "value": "20"}
    leader = {"leader": "Lena", "title": "Director", "department": ""}
    for kind, subject, seen in (
        (Signal.Kind.VALUE_PROVEN, goal.public_id, evidence),
        (Signal.Kind.NEW_LEADER, "mem_x", leader),
    ):
        Signal.objects.create(
            account=account, kind=kind, subject=subject, day=now.date(), seen_at=now, evidence=seen, ended_at=now
        )
    assert [row["kind"] for row in acme.get("signals").json()["results"]] == ["new_leader", "value_proven"]

    UsageSettings.objects.create(account=account, groups_only=True)

    assert acme.get("signals").json()["results"] == []


def test_a_neighbours_are_not_ones_own(signals: None, outsider: Membership, now: datetime) -> None:
    theirs = integrator_of(outsider, now)

    assert theirs.get("signals").json()["results"] == []
    assert theirs.get("ledger").json()["results"] == []
