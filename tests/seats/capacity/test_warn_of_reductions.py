"""Before seats go, those who may release some are told how many are too many: two weeks, one week, one day ahead."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Membership, Notice, Role
from accounts.notices.deliver_notice import mail_of
from billing.changes.decreases import plan_decrease, withdraw_decrease
from seats.capacity.warn_of_reductions import warn_of_reductions
from seats.holders.assign_seat import assign_seat
from seats.holders.queries import seat_of
from seats.holders.release_seat import release_seat
from tests.conftest import Funded, FundMaker, join

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def three(owner: Membership, fund: FundMaker, now: datetime) -> Funded:
    """Three seats taken, two from the next period on."""
    funded = fund(owner, quantity=3)
    for name in ("Ana", "Ben", "Cleo"):
        someone = join(funded.account, name, Role.MEMBER, now)
        assign_seat(account=funded.account, membership=someone, actor=funded.actor, at=now)
    plan_decrease(account=funded.account, quantity=2, actor=funded.actor, at=now)
    return funded


def coming() -> int:
    return Notice.objects.filter(kind="reduction_coming").count()


def test_three_times_and_not_more(three: Funded, now: datetime) -> None:
    day = three.subscription.items.get().period_end

    for ahead, expected in ((20, 0), (14, 1), (10, 1), (7, 2), (6.5, 2), (1, 3), (0.2, 3)):
        warn_of_reductions(at=day - timedelta(days=ahead))
        assert coming() == expected

    text = str(mail_of(Notice.objects.latest("pk")).body)
    assert f"On {day.day} {day:%B %Y} the number of seats falls to 2. 3 are taken." in text
    assert "Release 1 seat before" in text


def test_nobody_is_told_where_all_fit_or_nothing_is_planned(three: Funded, now: datetime) -> None:
    near = three.subscription.items.get().period_end - timedelta(days=1)
    ana = seat_of(Membership.objects.get(user__name="Ana"))
    assert ana is not None
    release_seat(account=three.account, assignment=ana, actor=three.actor, at=now)
    assert warn_of_reductions(at=near) == 0

    assign_seat(account=three.account, membership=Membership.objects.get(user__name="Ana"), actor=three.actor, at=now)
    withdraw_decrease(account=three.account, actor=three.actor, at=now)
    assert warn_of_reductions(at=near) == 0
    assert coming() == 0


def test_the_plan_itself_is_told(three: Funded) -> None:
    notice = Notice.objects.get(kind="reduction_planned")

    assert "Olivia planned a reduction from 3 to 2 seats" in str(mail_of(notice).body)
