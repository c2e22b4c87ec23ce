"""The shape of a usage report, and what it says. Pure.

Days are the account's; all figures are of the 30 days up to `last`, but `weeks`, which go back a year.
"""

from collections.abc import Sequence
from datetime import date

import msgspec

# Active days in the last 30, from none to nearly daily; the last is a power user.
BUCKETS = ((0, 0), (1, 4), (5, 11), (12, 19), (20, 30))
POWER_DAYS = 20
# With privacy mode on, a group of fewer people is not told apart.
SMALLEST_GROUP = 5


class Cell(msgspec.Struct, array_like=True):
    """One person's use of one feature: how often, last on which day, and how often with a named outcome."""

    count: int
    last: date
    outcomes: int


class PersonUse(msgspec.Struct):
    """One person with at least one action."""

    membership: int
    days: int
    actions: int
    last: date
    seated: bool
    features: dict[str, Cell]


class FeatureUse(msgspec.Struct):
    """One feature. outcomes: by name. by_few: actions of the busiest fifth of its people (at least one person)."""

    name: str
    people: int
    actions: int
    quantity: int
    outcomes: dict[str, int]
    by_few: int
    few: int

    @property
    def concentration(self) -> int | None:
        """Share of the actions that the few make, in whole percent; None where privacy mode withholds it."""
        if not self.few:
            return None
        return self.by_few * 100 // self.actions if self.actions else 0


class GroupUse(msgspec.Struct):
    """People of one department, region, kind of employment or level. name: empty for those without one."""

    kind: str
    name: str
    people: int
    seats: int
    active: int
    actions: int


class UnknownUse(msgspec.Struct):
    """Somebody whom the account does not know."""

    person: str
    actions: int
    last: date


class Report(msgspec.Struct):
    """All of it. people: the fifty busiest. unseated: members who work without a seat, the busiest ten.

    buckets: holders by active days. edges: the first and the last day of each.
    """

    first: date
    last: date
    holders: int
    active: int
    buckets: list[int]
    power: list[PersonUse]
    people: list[PersonUse]
    unseated: list[PersonUse]
    features: list[FeatureUse]
    groups: list[GroupUse]
    unknown: list[UnknownUse]
    unknown_people: int
    unknown_actions: int
    weeks: list[tuple[date, int]]
    edges: list[tuple[int, int]] = msgspec.field(default_factory=lambda: list(BUCKETS))

    @property
    def columns(self) -> list[str]:
        """The eight most used features: the heat map's columns."""
        return [feature.name for feature in self.features[:8]]


def bucket_days(low: int, high: int) -> str:
    """A bucket's days as words: `0`, `1–4`."""
    return str(low) if low == high else f"{low}–{high}"


def tell_apart(groups: Sequence[GroupUse], *, smallest: int = SMALLEST_GROUP) -> list[GroupUse]:
    """Groups of each kind, those below `smallest` people put together under the name `…`.

    A remainder that is still too small takes the smallest larger group along, so that nobody can be worked out by
    subtraction; if everybody together is too few, nothing is shown.
    """
    found: list[GroupUse] = []
    for kind in dict.fromkeys(group.kind for group in groups):
        mine = sorted((group for group in groups if group.kind == kind), key=lambda group: group.people)
        rest: list[GroupUse] = []
        while mine and (mine[0].people < smallest or 0 < sum(group.people for group in rest) < smallest):
            rest.append(mine.pop(0))
        if rest and sum(group.people for group in rest) >= smallest:
            mine.append(
                GroupUse(
                    kind,
                    "…",
                    people=sum(group.people for group in rest),
                    seats=sum(group.seats for group in rest),
                    active=sum(group.active for group in rest),
                    actions=sum(group.actions for group in rest),
                )
            )
        found += sorted(mine, key=lambda group: (-group.people, group.name))
    return found


def concentrated(features: Sequence[FeatureUse], *, active: int) -> list[FeatureUse]:
    """Features that a few use heavily and most do not: used by less than half of the active people, at least ten times
    each. They are where teaching the others, or more seats for the same work, pays first. The heaviest three."""
    found = [f for f in features if f.people * 2 < active and f.actions >= 10 * f.people]
    return sorted(found, key=lambda f: -f.actions)[:3]


def _few_apart(feature: FeatureUse) -> FeatureUse:
    """The busiest fifth is a group, too."""
    return feature if feature.few >= SMALLEST_GROUP else msgspec.structs.replace(feature, by_few=0, few=0)


def _joined(edges: Sequence[tuple[int, int]], buckets: Sequence[int]) -> tuple[list[tuple[int, int]], list[int]]:
    """Neighbours put together until each bucket has nobody or is a group."""
    found: list[tuple[int, int, int]] = []
    for (low, high), people in zip(edges, buckets, strict=True):
        if found and 0 < found[-1][2] < SMALLEST_GROUP:
            low, _high, before = found.pop()
            people += before
        found.append((low, high, people))
    while len(found) > 1 and 0 < found[-1][2] < SMALLEST_GROUP:
        _low, high, people = found.pop()
        low, _high, before = found.pop()
        found.append((low, high, before + people))
    return [(low, high) for low, high, _people in found], [people for _low, _high, people in found]


def for_groups(report: Report) -> Report:
    """The report of privacy mode: nobody by name, no feature of fewer than five people, no group of fewer than five.

    With fewer than five holders in all, only the account's own numbers stay.
    """
    enough = report.holders >= SMALLEST_GROUP
    edges, buckets = _joined(report.edges, report.buckets) if enough else ([], [])
    return msgspec.structs.replace(
        report,
        edges=edges,
        buckets=buckets,
        power=[],
        people=[],
        unseated=[],
        unknown=[],
        features=[_few_apart(feature) for feature in report.features if feature.people >= SMALLEST_GROUP],
        groups=tell_apart(report.groups),
    )
