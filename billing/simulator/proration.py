"""What a change in the middle of a period costs. Pure: a preview and an update both call `lines`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil


@dataclass(frozen=True)
class Debit:
    """What was billed for a stretch of time and has not been credited since. Minor units; seconds UTC."""

    amount: int
    start: int
    end: int
    quantity: int
    price: str


@dataclass(frozen=True)
class State:
    """A subscription item at one moment.

    `full` is what one whole grid period costs; the item's own period may be shorter, as before a first anchor.
    """

    item: str
    price: str
    name: str
    quantity: int
    full: Fraction
    grid_start: int
    end: int
    debits: tuple[Debit, ...] = ()


@dataclass(frozen=True)
class Line:
    """One proration line; `credit` lines give back, the others charge."""

    item: str
    price: str
    name: str
    quantity: int
    amount: int
    start: int
    end: int
    credit: bool


@dataclass(frozen=True)
class Change:
    """An item before and after: `before` is None for a new item, `after` for a removed one."""

    before: State | None
    after: State | None


def rounded(amount: Fraction) -> int:
    """To the nearest integer; a tie goes toward minus infinity."""
    return ceil(amount - Fraction(1, 2))


def share(full: Fraction | int, start: int, end: int, at: int) -> int:
    """The part of `full` for start..end that is left at `at`, to the second, rounded by itself."""
    return rounded(Fraction(full) * Fraction(end - at, end - start))


def lines(changes: list[Change], at: int, *, flexible: bool, trial: bool = False) -> list[Line]:
    """Credits and debits for the changes, for each item the credit first. A trial costs nothing, so has no lines."""
    if trial:
        return []
    found: list[Line] = []
    for change in changes:
        if change.before is not None:
            found += _credits(change.before, at, flexible=flexible)
        if change.after is not None:
            found.append(_debit(change.after, at))
    return found


def _credits(before: State, at: int, *, flexible: bool) -> list[Line]:
    """Flexible billing gives back what was really billed; classic what the item costs now, billed or not."""
    if not flexible:
        amount = share(-before.full, before.grid_start, before.end, at)
        return [Line(before.item, before.price, before.name, before.quantity, amount, at, before.end, credit=True)]
    return [
        Line(
            before.item, debit.price, before.name, debit.quantity,
            share(-debit.amount, debit.start, debit.end, max(at, debit.start)),
            at, debit.end, credit=True,
        )
        for debit in before.debits
        if debit.end > at
    ]  # fmt: skip


def _debit(after: State, at: int) -> Line:
    amount = share(after.full, after.grid_start, after.end, at)
    return Line(after.item, after.price, after.name, after.quantity, amount, at, after.end, credit=False)
