"""/api/v1/reports: what was written elsewhere, for those who may read it."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, Membership
from seats.growth.reviews import prepare_review
from seats.models import BusinessReview, Signal, TrueUp, ValueReport
from seats.true_up.settle_true_up import settle
from seats.usage.settings import set_usage_settings
from seats.value.goals import Wish, add_goal
from seats.value.plans import start_plan
from seats.value.report import end_plan
from seats.value.weekly import figures_of, write_digest
from tests.conftest import make_account
from tests.factories.seats import crowd, give_pool, seat
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 6, 1)
DAY = timedelta(days=1)


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    give_pool(owner.account, 10, now - 60 * DAY)
    for one in crowd(owner.account, 3, now - 60 * DAY):
        seat(one, now - 40 * DAY)
    return integrator_of(owner, now, "usage.view", "billing.view")


def value_report(account: Account, actor: Actor, at: datetime) -> ValueReport:
    start_plan(account=account, starts_on=at.date() - 10 * DAY, actor=actor, at=at)
    wish = Wish(name="Projects", unit="projects", baseline=Decimal(4), target=Decimal(6))
    add_goal(account=account, wish=wish, actor=actor, at=at)
    return end_plan(account=account, actor=actor, at=at)


def sealed(account: Account, at: datetime) -> TrueUp:
    run = TrueUp.objects.create(
        account=account,
        first_day=date(2026, 1, 1),
        last_day=date(2026, 3, 31),
        time_zone="UTC",
        idle_days=30,
        removes_idle=True,
        due_at=at,
        answer_by=at,
        counted_at=at,
        decision=TrueUp.Decision.NOTHING,
    )
    settle(run, at)
    return run


def listed(acme: Integrator, query: str = "") -> list[tuple[str, str]]:
    answer = acme.get(f"reports{query}")
    assert answer.status_code == 200, answer.content
    return [(one["kind"], one["id"]) for one in answer.json()["results"]]


def test_all_kinds_stand_in_one_list_the_newest_first(
    acme: Integrator, account: Account, actor: Actor, now: datetime
) -> None:
    value = value_report(account, actor, now - 4 * DAY)
    write_digest(account=account, monday=MONDAY, at=now - 3 * DAY)
    review = prepare_review(account=account, actor=actor, at=now - 2 * DAY, reason="x")
    run = sealed(account, now - DAY)
    TrueUp.objects.create(
        account=account, first_day=date(2026, 4, 1), last_day=date(2026, 6, 30), time_zone="UTC", idle_days=30,
        removes_idle=True, due_at=now, answer_by=now,
    )  # fmt: skip

    expected = [
        ("true_up", run.public_id),
        ("business_review", review.public_id),
        ("weekly_digest", "week_2026-06-01"),
        ("value_report", value.public_id),
    ]
    assert listed(acme) == expected
    assert listed(acme, "?kind=weekly_digest") == expected[2:3]
    first = acme.get("reports?limit=1").json()["results"][0]
    assert first == {
        "id": run.public_id,
        "kind": "true_up",
        "made_at": (now - DAY).isoformat().replace("+00:00", "Z"),
        "first_day": "2026-01-01",
        "last_day": "2026-03-31",
    }
    days = {one["kind"]: (one["first_day"], one["last_day"]) for one in acme.get("reports").json()["results"]}
    assert days["weekly_digest"] == ("2026-05-25", "2026-05-31")
    assert days["business_review"] == (str((now - 2 * DAY).date()),) * 2


def test_pages_lead_forth_and_back(acme: Integrator, account: Account, now: datetime) -> None:
    mondays = [MONDAY + 7 * n * DAY for n in range(5)]
    for number, monday in enumerate(mondays):
        write_digest(account=account, monday=monday, at=now + number * DAY)
    ids = [f"week_{monday}" for monday in reversed(mondays)]

    pages, path = [], "reports?limit=2"
    while path:
        page = acme.get(path).json()
        pages.append([one["id"] for one in page["results"]])
        last, path = page, (page["next"] or "").partition("/api/v1/")[2]
    assert pages == [ids[:2], ids[2:4], ids[4:]]
    middle = acme.get(last["previous"].partition("/api/v1/")[2]).json()
    assert [one["id"] for one in middle["results"]] == ids[2:4]
    first = acme.get(middle["previous"].partition("/api/v1/")[2]).json()
    assert ([one["id"] for one in first["results"]], first["previous"]) == (ids[:2], None)
    assert problem(acme.get("reports?cursor=week_1999-01-04"))["errors"][0]["field"] == "cursor"
    assert problem(acme.get("reports?limit=0"))["errors"][0]["field"] == "limit"


def test_each_is_read_as_it_was_written(acme: Integrator, account: Account, actor: Actor, now: datetime) -> None:
    value = value_report(account, actor, now)
    write_digest(account=account, monday=MONDAY, at=now)
    Signal.objects.create(
        account=account, kind="crossed_80", day=now.date(), seen_at=now,
        evidence={"purchased": 10, "assigned": 8, "active": 8}, seats=2,
    )  # fmt: skip
    review = prepare_review(account=account, actor=actor, at=now, reason="x")
    run = sealed(account, now)
    give_pool(account, 20, now + DAY)

    told = acme.get(f"reports/{value.public_id}").json()
    assert (told["weekly_digest"], told["business_review"], told["true_up"]) == (None, None, None)
    assert told["value_report"] == {
        "day": 10,
        "goals": [
            {
                "name": "Projects", "unit": "projects", "baseline": "4.00", "target": "6.00",
                "value": None, "percent": None, "met": False,
            }
        ],
        "seats_before": {"purchased": 10, "assigned": 3, "active": 0},
        "seats_after": {"purchased": 10, "assigned": 3, "active": 0},
    }  # fmt: skip
    week = acme.get("reports/week_2026-06-01").json()["weekly_digest"]
    assert {name: week[name] for name in ("purchased", "assigned", "active", "free")} == {
        "purchased": 10, "assigned": 3, "active": 0, "free": 7,
    }  # fmt: skip
    assert set(week) <= set(figures_of(account, MONDAY, now))
    shown = acme.get(f"reports/{review.public_id}").json()["business_review"]
    assert (shown["purchased"], shown["assigned"], shown["next_on"]) == (10, 3, str(review.next_on))
    assert [(one["kind"], one["seats"]) for one in shown["signals"]] == [("crossed_80", 2)]
    assert "8" in shown["signals"][0]["text"]
    assert "tasks" not in shown
    evidence = acme.get(f"reports/{run.public_id}").json()["true_up"]
    run.refresh_from_db()
    assert evidence == run.evidence
    assert evidence["seal"] == run.seal


def test_evidence_of_money_is_for_those_who_see_invoices(
    acme: Integrator, owner: Membership, account: Account, actor: Actor, now: datetime
) -> None:
    run, value = sealed(account, now), value_report(account, actor, now)
    without, other = integrator_of(owner, now, "usage.view"), integrator_of(owner, now, "billing.view")

    assert listed(without) == [("value_report", value.public_id)]
    assert listed(without, "?kind=true_up") == []
    assert problem(without.get(f"reports/{run.public_id}"))["capability"] == "billing.view"
    assert problem(other.get("reports"))["capability"] == "usage.view"


def test_privacy_mode_withholds_reviews_from_before_it(
    acme: Integrator, account: Account, actor: Actor, now: datetime
) -> None:
    before = prepare_review(account=account, actor=actor, at=now - DAY, reason="x")
    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)
    after = prepare_review(account=account, actor=actor, at=now + DAY, reason="x")

    assert listed(acme, "?kind=business_review") == [("business_review", after.public_id)]
    assert problem(acme.get(f"reports/{before.public_id}"))["code"] == "usage_is_private"
    assert acme.get(f"reports/{after.public_id}").status_code == 200
    set_usage_settings(account=account, keep_days=400, groups_only=False, actor=actor)
    assert acme.get(f"reports/{before.public_id}").status_code == 200
    assert BusinessReview.objects.count() == 2


@pytest.mark.parametrize("name", ["week_2026-06-08", "week_nonsense", "week_20260601", "vrp_nothing", "2026-06-01"])
def test_what_is_not_there_is_404(acme: Integrator, account: Account, now: datetime, name: str) -> None:
    write_digest(account=account, monday=MONDAY, at=now)

    assert acme.get(f"reports/{name}").status_code == 404


def test_a_neighbour_reads_nothing(acme: Integrator, account: Account, actor: Actor, now: datetime) -> None:
    value, run = value_report(account, actor, now), sealed(account, now)
    write_digest(account=account, monday=MONDAY, at=now)
    review = prepare_review(account=account, actor=actor, at=now, reason="x")
    other = make_account("Elsewhere", now, owner="Oscar", domain="elsewhere.example")
    elsewhere = integrator_of(other, now)

    assert listed(elsewhere) == []
    for name in (value.public_id, run.public_id, review.public_id, "week_2026-06-01"):
        assert elsewhere.get(f"reports/{name}").status_code == 404
