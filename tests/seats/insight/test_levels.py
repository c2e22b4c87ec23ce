"""Who reports to whom, and how far seats reach in the hierarchy (product.md B3)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Account, Membership, Role
from seats.insight.make_use_report import make_use_report
from seats.insight.people import Choice, count_people, page_of_people
from seats.insight.use_report import for_groups
from tests.conftest import join
from tests.factories.seats import crowd, give_pool, seat, use

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def team(account: Account, now: datetime) -> dict[str, Membership]:
    """Ada and Bo sit and manage; of Ada's two reports one sits, of Bo's nobody; Cy manages and does not sit."""
    give_pool(account, 10, now - timedelta(days=40))
    names = ("Ada", "Bo", "Cy", "Ada1", "Ada2", "Bo1", "Cy1")
    people = {name: join(account, name, Role.MEMBER, now) for name in names}
    for name, person in people.items():
        if name[-1].isdigit():
            person.manager = people[name[:-1]]
            person.level = "individual"
        else:
            person.level = "manager"
        person.save()
    for name in ("Ada", "Bo", "Ada1"):
        seat(people[name], now - timedelta(days=40))
    return people


def shown(account: Account, show: str, now: datetime) -> list[str]:
    return [row.name for row in page_of_people(account, Choice(show=show), now).rows]


def test_reports_of_seated_managers_without_a_seat(
    account: Account, team: dict[str, Membership], now: datetime
) -> None:
    assert shown(account, "reports", now) == ["Ada2", "Bo1"]
    assert count_people(account, "", now)["reports"] == 2
    assert count_people(account, "bo", now)["reports"] == 1


def test_managers_with_no_reports_seated(account: Account, team: dict[str, Membership], now: datetime) -> None:
    assert shown(account, "managers", now) == ["Bo"]
    assert count_people(account, "", now)["managers"] == 1
    Membership.objects.filter(pk=team["Bo1"].pk).update(left_at=now)
    assert shown(account, "managers", now) == []


def test_the_filters_are_offered_where_the_hierarchy_is_known(
    account: Account, owner: Membership, client_of: SignIn, now: datetime
) -> None:
    browser, url = client_of(owner), f"/a/{account.slug}/seats/"
    assert "No seat, manager has one" not in browser.get(url).text
    boss, report = join(account, "Boss", Role.MEMBER, now), join(account, "Report", Role.MEMBER, now)
    Membership.objects.filter(pk=report.pk).update(manager=boss)
    give_pool(account, 1, now)
    seat(boss, now)
    page = browser.get(url).text
    assert "No seat, manager has one" in page
    assert "Managers, no report seated" in page


def test_use_by_level_and_groups_of_five_in_privacy_mode(
    account: Account, team: dict[str, Membership], now: datetime
) -> None:
    use(team["Ada1"], now, days=1)
    report = make_use_report(account=account, at=now)
    groups = {g.name: (g.people, g.seats, g.active, g.actions) for g in report.groups if g.kind == "level"}
    # The owner has no level.
    assert groups == {"manager": (3, 2, 0, 0), "individual": (4, 1, 1, 2), "": (1, 0, 0, 0)}
    crowd(account, 4, now)
    told = [g for g in for_groups(make_use_report(account=account, at=now)).groups if g.kind == "level"]
    assert [(g.name, g.people) for g in told] == [("…", 7), ("", 5)]
