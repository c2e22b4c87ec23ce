"""A quarter of an account, made to pass."""

from datetime import datetime, timedelta

from accounts.models import Account
from billing.mirror.refresh import refresh_subscription
from seatportal.kit.clock import start_of_day
from seats.capacity.set_policy import set_policy
from seats.models import Assignment, TrueUp, TrueUpPerson
from seats.true_up.rules import add_months
from seats.true_up.run_true_ups import run_true_ups
from tests.conftest import Funded
from tests.factories.seats import SYSTEM, use
from tests.seats.true_up.conftest import Team, agree

State, Outcome = TrueUp.State, TrueUpPerson.Outcome
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def pass_time(funded: Funded, now: datetime, moment: datetime) -> datetime:
    """Let Stripe's time pass from `now` to a moment, and read what it did."""
    funded.desk.advance(int((moment - now).total_seconds()))
    refresh_subscription(stripe_id=funded.stripe_id, at=moment)
    return moment


def unanswered(funded: Funded, moment: datetime) -> datetime:
    """A week passes at Stripe, and the round runs."""
    later = pass_time(funded, moment, moment + 7 * DAY)
    run_true_ups(at=later)
    return later


def quarter_end(now: datetime) -> datetime:
    """Half a day after the quarter that begins today; hours away from the renewal, which comes at the hour of `now`."""
    return start_of_day(add_months(now.date(), 3), "UTC") + (20 if 9 <= now.hour < 16 else 12) * HOUR


def start(funded: Funded, now: datetime, policy: str = "hybrid") -> None:
    agree(funded, policy, idle_days=30, true_up_from=now.date())


def soften(account: Account, now: datetime, allowance: int = 3) -> None:
    set_policy(account=account, mode="soft", allowance=allowance, grace_days=100, reason="Season", actor=SYSTEM, at=now)


def counted(funded: Funded, team: Team, now: datetime, *, busy: int, idle: int) -> tuple[TrueUp, datetime]:
    """A quarter that has just been counted, with so many people; returns the run and the moment."""
    end = quarter_end(now)
    people = team(funded, busy=0, idle=busy + idle, seated=now)
    for person in people[:busy]:
        use(person, end - 3 * DAY, days=1)
    moment = pass_time(funded, now, end)
    run_true_ups(at=moment)
    return TrueUp.objects.get(), moment


def held(funded: Funded) -> int:
    return Assignment.objects.filter(account=funded.account, ended_at__isnull=True).count()


def cycle_totals(funded: Funded) -> list[int]:
    return [bill["total"] for bill in funded.desk.invoices(funded.stripe_id, billing_reason="subscription_cycle")]
