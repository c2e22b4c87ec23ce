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
    """One row of the preview. changes: label, before and after. waits: no seat is left for them."""

    line: int
    email: str
    name: str
    outcome: str
    changes: list[tuple[str, str, str]]
    seat: str
    waits: bool
    field: str
    text: str


def rows_of_effect(effect: Effect, show: str) -> list[Shown]:
    """The rows with one outcome, or all; in the order of the file."""
    left, rows = effect.free, []
    for line, step in effect.steps:
        waits = step.seat == "give" and left <= 0
        left -= step.seat == "give"
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
                waits=waits,
                field=str(FIELDS[step.wrong.field]) if step.wrong else "",
                text=step.wrong.text if step.wrong else "",
            )
        )
    return sorted(rows, key=lambda row: row.line)


def words_of(name: str, value: Any) -> str:
    """A value as people read it; a dash for none."""
    if isinstance(value, date):
        return str(day(value))
    return str(_LABELS.get(name, {}).get(value, value)) if value else "–"
