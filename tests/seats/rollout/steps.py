"""A rollout of one account, and people who use its seats or do not."""

from datetime import datetime, timedelta

from seats.holders.claim import claim
from seats.models import RolloutPlan, Tranche
from seats.rollout.plans import open_rollout
from seats.rollout.run_tranches import run_due_tranches
from seats.rollout.tranches import Wish, schedule_tranche
from tests.conftest import Funded
from tests.factories.seats import SYSTEM, crowd, use


def open_plan(funded: Funded, *, budget_month: int = 1) -> RolloutPlan:
    return open_rollout(account=funded.account, name="Sales in 2027", budget_month=budget_month, actor=funded.actor)


def wish(funded: Funded, now: datetime, **fields: object) -> Wish:
    usual: dict[str, object] = {"quantity": 10, "due_on": now.date(), "owner": funded.owner, "ceiling": 100_000}
    return Wish(**{**usual, **fields})  # type: ignore[arg-type]


def scheduled(funded: Funded, now: datetime, plan: RolloutPlan | None = None, **fields: object) -> Tranche:
    """Ten seats today for at most $1,000.00, unless said otherwise."""
    return schedule_tranche(
        account=funded.account,
        plan_id=(plan or open_plan(funded)).public_id,
        wish=wish(funded, now, **fields),
        actor=funded.actor,
        at=now,
    )


def team(funded: Funded, now: datetime, *, busy: int, idle: int = 0) -> None:
    """Seated people of whom some work."""
    people = crowd(funded.account, busy + idle, now)
    claim(account=funded.account, members=people, actor=SYSTEM, at=now)
    for person in people[:busy]:
        use(person, now, days=1)


def run_over(funded: Funded, now: datetime, *minutes: int) -> None:
    """Let time pass here and at Stripe, and look at what is due after so many minutes each."""
    passed = 0
    for moment in minutes:
        if moment > passed:
            funded.desk.advance((moment - passed) * 60)
        passed = moment
        run_due_tranches(at=now + timedelta(minutes=moment))
