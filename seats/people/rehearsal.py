"""Play a file in memory: each row's act on seats, rooms, budgets and the queue, as the verbs would do it, in order.

What `import_person` does by claim, wait_for_seat, release_seats and the moves of regions is done here to a `Stock`.
A test plays random files against both.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush

from accounts.models import Account, Invitation, Membership
from seatportal.kit.errors import PortalError
from seats.errors import PersonPaused
from seats.holders.queries import waiting_in, who_may_be_next
from seats.people.facts import Facts
from seats.people.judge import Outcome, Step
from seats.people.wanted import Wrong
from seats.pool.budgets import purse_of
from seats.pool.pools import pool_of
from seats.pool.regions import rooms_of
from seats.pool.rules import Room, check_room
from seats.pool.stock import Stock, stock_of

type Key = tuple[int | None, int | None]


@dataclass(frozen=True, order=True)
class Place:
    """One in the queue, by its order. where: keys of the region and the department."""

    since: datetime
    turn: int
    email: str
    where: Key = field(compare=False)


class Rehearsal:
    """The stage on which rows are played one after the other."""

    def __init__(
        self, *, stock: Stock, rooms: dict[int | None, Room], queue: Iterable[Place], facts: Facts, at: datetime
    ) -> None:
        self.stock, self._rooms, self._facts, self._at = stock, rooms, facts, at
        self._places: dict[str, Place] = {}
        self._lines: dict[Key, list[Place]] = {}
        self._turn = 0
        for place in queue:
            self._stand(place)
            self._turn = max(self._turn, place.turn)

    def play(self, step: Step) -> Step:
        """Do what a row that was judged right does, and say who is given no seat, or why the row is refused."""
        person = step.member or step.invitation
        before: Key = (person.region_id, person.department_id) if person else (None, None)
        after = self._moved(step, before)
        seated = step.email in self._facts.seated
        wrong = self._refusal(step, before, after, seated=seated)
        if wrong is not None:
            return Step(Outcome.FAILED, step.email, step.member, step.invitation, wrong=wrong)
        if person is None:
            self._close_ended(step.email)
        elif seated and before != after:
            self.stock.take(*before, -1)
            self.stock.take(*after)
        elif step.email in self._places:
            self._stand(replace(self._places[step.email], where=after))
        return self._seat(step, after)

    def missing_seats(self, emails: set[str]) -> int:
        """How many more seats of the account end the wait of those among these whom more seats help.

        Whoever stands before them is served first, and counts.
        """
        stock = replace(self.stock, free=dict(self.stock.free), purse=dict(self.stock.purse))
        plenty = len(self._places)
        stock.limit = stock.assigned + stock.allowance + plenty
        if stock.free:
            stock.free[None] = stock.allowance + plenty
        bought = 0
        for served, place in enumerate((p for p in sorted(self._places.values()) if _help(stock, p)), start=1):
            if place.email in emails:
                bought = served
        return bought

    def _moved(self, step: Step, before: Key) -> Key:
        """A place that the file adds has neither seats of its own nor a budget, and is as none."""
        region, department = before
        if "region" in step.changes:
            found = self._facts.regions.get(step.changes["region"].casefold())
            region = found.pk if found else None
        if "department" in step.changes:
            place = self._facts.departments.get(step.changes["department"].casefold())
            department = place.pk if place else None
        return region, department

    def _refusal(self, step: Step, before: Key, after: Key, *, seated: bool) -> Wrong | None:
        """What the verbs refuse: taking a seat along into a full region, and a seat for who is paused."""
        here, there = self.stock.key(*before)[0], self.stock.key(*after)[0]
        try:
            if seated and here != there:
                room = self._rooms[there]
                check_room(replace(room, assigned=room.seats - self.stock.free[there]), 1)
            if step.seat == "give" and step.email in self._facts.paused:
                raise PersonPaused
        except PortalError as error:
            return Wrong(error.code, error.field or "", str(error))
        return None

    def _close_ended(self, email: str) -> None:
        """Whoever is invited anew loses what an invitation that ran out still held."""
        ended = self._facts.ended.get(email)
        if ended is not None and ended.pk in self._facts.held_by_ended:
            self.stock.take(ended.region_id, ended.department_id, -1)
            self._admit()

    def _seat(self, step: Step, where: Key) -> Step:
        facts, email = self._facts, step.email
        if step.seat == "give":
            if not self._before(where) and self.stock.gives(*where):
                self.stock.take(*where)
                facts.seated.add(email)
                return step
            self._turn += 1
            self._stand(Place(self._at, self._turn, email, where))
            facts.waiting.add(email)
            self._admit()
            waits = email in self._places
            return replace(step, waits_for=self.stock.why_not(*where)) if waits else step
        if step.seat == "release":
            self.stock.take(*where, -1)
            facts.seated.discard(email)
            self._admit()
        elif step.seat == "leave_queue":
            self._places.pop(email, None)
            facts.waiting.discard(email)
        return step

    def _before(self, where: Key) -> bool:
        """As `somebody_is_before`."""
        room = self.stock.key(*where)[0]
        return any(line[0] == room and self.stock.pays(line[1]) and self._head(line) for line in self._lines)

    def _admit(self) -> None:
        """As `admit_waiting`."""
        while self.stock.open and not self.stock.frozen:
            heads = [head for line in self._lines if self.stock.serves(*line) and (head := self._head(line))]
            if not heads:
                return
            first = min(heads)
            self.stock.take(*first.where)
            del self._places[first.email]
            self._facts.waiting.discard(first.email)
            self._facts.seated.add(first.email)

    def _stand(self, place: Place) -> None:
        self._places[place.email] = place
        heappush(self._lines.setdefault(self.stock.key(*place.where), []), place)

    def _head(self, key: Key) -> Place | None:
        """The first of a line; who left it or stands elsewhere is taken out."""
        line = self._lines[key]
        while line and self._places.get(line[0].email) is not line[0]:
            heappop(line)
        return line[0] if line else None


def _help(stock: Stock, place: Place) -> bool:
    if not stock.serves(*place.where):
        return False
    stock.take(*place.where)
    return True


def _who(person: Membership | Invitation | None) -> tuple[str, Key]:
    """Whoever has a place is one of the two."""
    if person is None:
        raise LookupError("a place in the queue without anybody")
    email = person.user.email if isinstance(person, Membership) else person.email
    return email, (person.region_id, person.department_id)


def rehearse(account: Account, facts: Facts, at: datetime) -> tuple[Rehearsal, int]:
    """The stage as things stand now, and the account's seats without the soft allowance."""
    pool = pool_of(account)
    rooms = rooms_of(pool)
    members, invited = who_may_be_next(account, at, ())
    queue = [
        Place(row.since, row.pk, *_who(row.membership or row.invitation))
        for row in waiting_in(account).filter(members | invited)
    ]
    stage = Rehearsal(stock=stock_of(pool, rooms, purse_of(account)), rooms=rooms, queue=queue, facts=facts, at=at)
    return stage, pool.owned
