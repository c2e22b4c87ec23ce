"""What a change in the middle of a period costs. Pure: a preview and an update both call `lines`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil


@dataclass(frozen=True)
class Debit:
    """What was billed for a stretch of time and has not been credited since. Minor units; seconds UTC.

    `amount` is after discounts, `gross` before them (None: there were none).
    """

    amount: int
    start: int
    end: int
    quantity: int
    price: str
    gross: int | None = None


@dataclass(frozen=True)
class State:
    """A subscription item at one moment.

    `full` is what one whole grid period costs after discounts, `gross` before them (None: there are none); the item's
    own period may be shorter, as before a first anchor.
    """

    item: str
    price: str
    name: str
    quantity: int
    full: Fraction
    grid_start: int
    end: int
    debits: tuple[Debit, ...] = ()
    gross: Fraction | None = None


@dataclass(frozen=True)
class Line:
    """One proration line; `credit` lines give back, the others charge. `discount` is what is already off its amount."""

    item: str
    price: str
    name: str
    quantity: int
    amount: int
    start: int
    end: int
    credit: bool
    discount: int = 0


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
        gross = amount if before.gross is None else share(-before.gross, before.grid_start, before.end, at)
        return [_line(before, before.price, before.quantity, amount, gross, at, before.end, credit=True)]
    found = []
    for debit in before.debits:
        if debit.end > at:
            since = max(at, debit.start)
            amount = share(-debit.amount, debit.start, debit.end, since)
            gross = amount if debit.gross is None else share(-debit.gross, debit.start, debit.end, since)
            found.append(_line(before, debit.price, debit.quantity, amount, gross, at, debit.end, credit=True))
    return found


def _debit(after: State, at: int) -> Line:
    amount = share(after.full, after.grid_start, after.end, at)
    gross = amount if after.gross is None else share(after.gross, after.grid_start, after.end, at)
    return _line(after, after.price, after.quantity, amount, gross, at, after.end, credit=False)


def _line(
    state: State, price: str, quantity: int, amount: int, gross: int, start: int, end: int, *, credit: bool
) -> Line:
    return Line(state.item, price, state.name, quantity, amount, start, end, credit, gross - amount)
