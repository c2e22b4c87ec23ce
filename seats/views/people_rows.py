"""Rows of a file as written text: who, what happens, and what changes from what to what."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import Membership, Role
from seatportal.templatetags.portal import day
from seats.people.columns import FIELDS
from seats.people.judge import Outcome
from seats.people.plan import Effect

_LABELS = {
    "role": dict(Role.choices),
    "level": dict(Membership.Level.choices),
    "employment": dict(Membership.Employment.choices),
}


@dataclass(frozen=True)
class Shown:
    """One row of the preview. changes: label, before and after. waits_for: why no seat is given (Step)."""

    line: int
    email: str
    name: str
    outcome: str
    changes: list[tuple[str, str, str]]
    seat: str
    waits_for: str
    field: str
    text: str


def rows_of_effect(effect: Effect, show: str) -> list[Shown]:
    """The rows with one outcome, or all; in the order of the file."""
    rows = []
    for line, step in effect.steps:
        if show and show in Outcome.values and step.outcome != show:
            continue
        person = step.member.user.name if step.member else step.invitation.name if step.invitation else ""
        rows.append(
            Shown(
                line=line.line,
                email=step.email,
                name=str(step.changes.get("name", "") or person),
                outcome=step.outcome,
                changes=[
                    (str(FIELDS[name]), words_of(name, step.before[name]), words_of(name, value))
                    for name, value in step.changes.items()
                    if step.outcome == Outcome.CHANGED or name != "name"
                ],
                seat=step.seat,
                waits_for=step.waits_for,
                field=str(FIELDS.get(step.wrong.field, "")) if step.wrong else "",
                text=step.wrong.text if step.wrong else "",
            )
        )
    return sorted(rows, key=lambda row: row.line)


def words_of(name: str, value: Any) -> str:
    """A value as people read it; a dash for none."""
    if isinstance(value, date):
        return str(day(value))
    return str(_LABELS.get(name, {}).get(value, value)) if value else "–"
