"""Goals of a value plan that were reached (product.md C7)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from seats.growth.detectors.read import rows
from seats.growth.found import Found
from seats.growth.picture import Span
from seats.models import Signal
from seats.value.rules import plain

# Proof stays worth a talk for so long after its plan.
AFTER_PLAN = timedelta(days=30)


def proven_values(span: Span, at: datetime) -> Iterator[Found]:
    """Reached goals of plans that are open or ended in the last 30 days. What privacy mode withholds tells nobody."""
    found = rows(
        """
        SELECT g.account_id, g.public_id, g.name, g.unit, g.baseline, g.target, g.value, g.met_on,
               COALESCE(d.name, '')
        FROM seats_valuegoal g
        JOIN seats_valueplan p ON p.id = g.plan_id
        LEFT JOIN accounts_department d ON d.id = g.department_id
        LEFT JOIN seats_usagesettings s ON s.account_id = g.account_id
        WHERE g.account_id BETWEEN %(first)s AND %(last)s AND g.met_on IS NOT NULL
          AND (p.ended_at IS NULL OR p.ended_at > %(since)s)
          AND (NOT COALESCE(s.groups_only, false) OR (g.people IS NULL OR g.people >= 5) AND NOT EXISTS (
            SELECT FROM seats_goalreading r WHERE r.goal_id = g.id AND r.day = g.met_on AND r.people < 5))
        """,
        span,
        since=at - AFTER_PLAN,
    )
    for account, goal, name, unit, baseline, target, value, met_on, department in found:
        evidence = {
            "goal": name,
            "unit": unit,
            "department": department,
            "baseline": plain(baseline),
            "target": plain(target),
            "value": plain(value),
            "met_on": met_on.isoformat(),
        }
        yield Found(account, Signal.Kind.VALUE_PROVEN, subject=goal, evidence=evidence)
