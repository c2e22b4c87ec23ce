"""The two usual ways that the sweep is held against: an account at a time by the ORM, and a Celery task for each."""

from datetime import datetime

from celery import shared_task
from django.core.cache import cache

from accounts.models import Account
from seatportal.kit.clock import now
from seats.growth.picture import Picture
from seats.growth.seats_rules import judge
from seats.insight.bands import utilization_of
from seats.models import Signal

DONE = "bench:swept"


def sweep_one(account: Account, at: datetime) -> int:
    """Count its seats, read what is open, judge; returns how much would be written."""
    kinds = frozenset(Signal.objects.filter(account=account, ended_at__isnull=True).values_list("kind", flat=True))
    verdict = judge(Picture(account.pk, utilization_of(account, at), kinds))
    return len(verdict.opens) + len(verdict.ends)


@shared_task(name="bench.sweep_one_account")
def sweep_one_account(account_id: int) -> None:
    """One message, one account."""
    sweep_one(Account.objects.get(pk=account_id), now())
    cache.incr(DONE)
