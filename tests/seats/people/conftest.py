"""Files of people for tests."""

from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.access.actor import Actor
from accounts.models import Account
from seats.models import PeopleImport
from seats.people.import_people import add_people_import, apply_people_import, work_people_import
from seats.people.judge import May
from seats.people.plan import Effect, effect_of, lines_of, may_of
from seats.people.table import read_table, unpack

type Hand = Callable[..., PeopleImport]


@pytest.fixture
def hand_in(account: Account, actor: Actor, now: datetime) -> Hand:
    """Keep a file."""

    def add(text: str, *, by: Actor | None = None) -> PeopleImport:
        table = read_table(text.encode())
        return add_people_import(account=account, file_name="people.csv", table=table, actor=by or actor, at=now)

    return add


@pytest.fixture
def carry_out(account: Account, actor: Actor, now: datetime, hand_in: Hand) -> Hand:
    """Keep a file, apply it and work it off."""

    def run(text: str, *, by: Actor | None = None, may: May | None = None) -> PeopleImport:
        row = hand_in(text, by=by)
        apply_people_import(account=account, people_import=row, may=may or May(), actor=by or actor, at=now)
        while work_people_import(import_id=row.pk, at=now):
            pass
        row.refresh_from_db()
        return row

    return run


def told(row: PeopleImport, actor: Actor, at: datetime) -> Effect:
    """What a file would do."""
    lines = lines_of(unpack(bytes(row.content or b"")), row.mapping)
    return effect_of(account=row.account, lines=lines, may=may_of(row), actor=actor, at=at)


def shown(effect: Effect) -> list[tuple[int, str, str, str]]:
    """Line, outcome, seat, and the field and words of what is wrong."""
    return [
        (line.line, str(step.outcome), step.seat, f"{step.wrong.field}: {step.wrong.text}" if step.wrong else "")
        for line, step in effect.steps
    ]


def verdicts(row: PeopleImport) -> list[tuple[int, str, str, str]]:
    """Line, outcome, seat, and the field of what was wrong, as kept."""
    return [(one.line, one.outcome, one.seat, one.field) for one in row.people.order_by("position")]
