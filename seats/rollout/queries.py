"""Reading rollouts. Every query starts from an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Count, Min, Q, QuerySet, Sum

from accounts.models import Account
from seats.models import RolloutPlan, Tranche
from seats.rollout.rules import BudgetQuarter, budget_quarter

LIVE = (*Tranche.OPEN, Tranche.State.BUYING)


@dataclass(frozen=True)
class Step:
    """A tranche, and how many seats there are once it is bought; None for one that is bought or cancelled."""

    tranche: Tranche
    total: int | None


@dataclass(frozen=True)
class Quarter:
    """A budget quarter with its tranches, by day. year: as people write it."""

    year: str
    quarter: int
    steps: list[Step]


def plans_of(account: Account) -> QuerySet[RolloutPlan]:
    """Open plans first, with how many seats are still to come and when the next are."""
    to_come = Q(tranches__state__in=LIVE)
    return (
        RolloutPlan.objects.filter(account=account)
        .annotate(
            seats_to_come=Sum("tranches__quantity", filter=to_come, default=0),
            seats_bought=Sum("tranches__quantity", filter=Q(tranches__state=Tranche.State.BOUGHT), default=0),
            held=Count("tranches", filter=Q(tranches__state=Tranche.State.HELD)),
            next_on=Min("tranches__due_on", filter=to_come),
        )
        .order_by("ended_at", "-id")
    )


def tranches_of(account: Account) -> QuerySet[Tranche]:
    """All of an account, by day."""
    rows = Tranche.objects.filter(account=account)
    return rows.select_related(
        "account", "plan", "owner__user", "department", "change", "agreed_by", "released_by", "request"
    )


def waiting_tranches(account: Account) -> QuerySet[Tranche]:
    """Those that are not bought yet, by day."""
    return tranches_of(account).filter(state__in=LIVE)


def held_tranches(account: Account) -> QuerySet[Tranche]:
    """Those whose day has come and that wait for somebody."""
    return Tranche.objects.filter(account=account, state=Tranche.State.HELD)


def by_quarter(plan: RolloutPlan, tranches: Sequence[Tranche], *, purchased: int) -> list[Quarter]:
    """Tranches of one plan, by day, under the quarters of its budget year; totals count on from what is purchased."""
    total, steps = purchased, []
    for tranche in tranches:
        if tranche.state in LIVE:
            total += tranche.quantity
        steps.append(Step(tranche, total if tranche.state in LIVE else None))

    def quarter_of(step: Step) -> BudgetQuarter:
        return budget_quarter(step.tranche.due_on, plan.budget_month)

    return [
        Quarter(quarter.named(plan.budget_month), quarter.quarter, list(found))
        for quarter, found in groupby(steps, quarter_of)
    ]
