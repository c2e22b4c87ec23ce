"""A file as rows to be judged, and what all of it would do. Changes nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.access.actor import Actor
from accounts.access.roles import capabilities_of
from accounts.errors import NotYours
from accounts.members.authority import authority_of
from accounts.models import Account, ApiKey
from seats.models import PeopleImport
from seats.people.facts import Facts, load_facts
from seats.people.judge import May, Outcome, Step, judge, remember
from seats.people.rehearsal import rehearse
from seats.people.table import Table
from seats.people.wanted import Wanted, Wrong, read_wanted


@dataclass(frozen=True)
class Line:
    """One row of the file. line: counted from 1, for people; email: as it stands there."""

    line: int
    email: str
    wanted: Wanted | Wrong
    cells: list[str]


@dataclass(frozen=True)
class Effect:
    """What a file would do. seats: how many people would take one. free: how many of them find one.

    lost: seats that the file takes away. beyond: seats taken beyond the purchased ones, as a soft limit allows.
    new_places: departments and regions that the file adds. waits_for: how many wait for what (Step).
    to_buy: how many more seats would end the wait of all whom more seats help; those who waited before are served
    first.
    """

    steps: list[tuple[Line, Step]]
    seats: int
    free: int
    lost: int
    beyond: int
    frozen: str
    new_places: list[str]
    waits_for: Counter[str]
    to_buy: int

    @property
    def missing(self) -> int:
        """How many people will wait for a seat."""
        return self.seats - self.free

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each outcome."""
        found = dict.fromkeys((str(outcome) for outcome in Outcome), 0)
        for _line, step in self.steps:
            found[step.outcome] += 1
        return found


def lines_of(table: Table, mapping: Sequence[str]) -> list[Line]:
    """The rows in the order in which they are done: whoever loses a seat comes first, so that others can have it."""
    seen: dict[str, int] = {}
    lines = [_line(number, cells, mapping, seen) for number, cells in table.rows]
    return sorted(lines, key=lambda one: not (isinstance(one.wanted, Wanted) and one.wanted.seat is False))


def _line(number: int, cells: list[str], mapping: Sequence[str], seen: dict[str, int]) -> Line:
    by_field = {field: cell for field, cell in zip(mapping, cells, strict=True) if field}
    email = by_field.get("email", "")[:254]
    wanted = read_wanted(by_field)
    if isinstance(wanted, Wanted):
        first = seen.setdefault(wanted.email, number)
        if first != number:
            text = _("This address stands in line %(line)d already.") % {"line": first}
            wanted = Wrong("duplicate", "email", text)
    return Line(number, email, wanted, cells)


def effect_of(*, account: Account, lines: Sequence[Line], may: May, actor: Actor, at: datetime) -> Effect:
    """What the rows would do now, told row by row as though those before were done. At most sixteen statements.

    Raises NotYours when the actor is in the account no more.
    """
    wanted = [line.wanted for line in lines if isinstance(line.wanted, Wanted)]
    managers = {str(one.said["manager"]) for one in wanted if one.said.get("manager")}
    facts = load_facts(
        account,
        {one.email for one in wanted} | managers,
        external_ids={str(one.said["external_id"]) for one in wanted if one.said.get("external_id")},
        in_file=frozenset(one.email for one in wanted),
        hierarchy=bool(managers),
        actor=actor,
        at=at,
    )
    stage, owned = rehearse(account, facts, at)
    steps = []
    for line in lines:
        step = judge(line.wanted, facts, may, email=line.email)
        if step.wrong is None:
            step = stage.play(step)
        remember(step, facts)
        steps.append((line, step))
    waits_for = Counter(step.waits_for for _line, step in steps if step.waits_for)
    seats = sum(step.seat == "give" for _line, step in steps)
    free = seats - waits_for.total()
    return Effect(
        steps=steps,
        seats=seats,
        free=free,
        lost=sum(step.seat == "release" for _line, step in steps),
        beyond=max(min(stage.stock.assigned - owned, free), 0),
        frozen=stage.stock.frozen,
        new_places=sorted(set(_new_places(steps, facts))),
        waits_for=waits_for,
        to_buy=stage.missing_seats({step.email for _line, step in steps if step.waits_for}),
    )


def _new_places(steps: Sequence[tuple[Line, Step]], facts: Facts) -> Iterator[str]:
    for _line, step in steps:
        for name, known in (("department", facts.departments), ("region", facts.regions)):
            place = str(step.changes.get(name, ""))
            if place and place.casefold() not in known:
                yield place


def may_of(row: PeopleImport) -> May:
    """What whoever handed it in may do."""
    return May(give_seats=row.gives_seats, add_places=row.adds_places)


def actor_behind(account: Account, row: PeopleImport, at: datetime) -> Actor:
    """Whoever applied it, while they may still manage people.

    Raises NotYours when their row or their key is no more, since nobody would count as an owner; and when the key has
    ended or the role was lost.
    """
    gone = row.by is None and row.api_key is None and row.door in ("page", "api")
    actor = Actor(user=row.by, api_key=row.api_key, door=row.door)
    if gone or _ended(row.api_key, at) or "members.manage" not in capabilities_of(authority_of(account, actor)):
        raise NotYours(_("Whoever began this import may not manage people any more."))
    return actor


def _ended(key: ApiKey | None, at: datetime) -> bool:
    return key is not None and (key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at))
