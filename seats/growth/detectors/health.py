"""Accounts that are not doing well (product.md H6)."""

from collections.abc import Iterator
from datetime import datetime

from seats.growth.found import Found
from seats.growth.healths import inputs_of
from seats.growth.picture import Span, all_pictures
from seats.insight.bands import POOR
from seats.insight.health import score_of
from seats.models import Signal


def poor_health(span: Span, at: datetime) -> Iterator[Found]:
    """A score below POOR, of accounts that have seats and are past their first days."""
    seats = {one.account_id: one.seats for one in all_pictures(span, at) if one.seats.purchased and not one.seats.new}
    for account, found in inputs_of(seats, at).items():
        score = score_of(found)
        if score is not None and score.value < POOR:
            evidence = {"score": score.value, "use": found.use, "late": found.late}
            yield Found(account, Signal.Kind.LOW_HEALTH, evidence=evidence)
