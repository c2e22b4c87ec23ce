"""The demo's real people and its days: what it promises holds at whatever hour and day it is started."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from seatportal.demo import casting, stories
from seatportal.demo.history import Recent, all_events

CASTS = (
    casting.BRIGHTWATER,
    casting.QUILLMARK,
    casting.HARBOURLINE,
    casting.SAFFRON,
    casting.VALDELUZ,
    casting.MIZUHARA,
    casting.TIDEWELL,
    casting.NORTHFEN,
)


@pytest.mark.parametrize("cast", CASTS, ids=lambda cast: cast.domain)
def test_who_is_active_holds_for_every_hour_of_every_weekday(cast: casting.Cast) -> None:
    """And stays so for two weeks after seeding: the active were there lately, the idle are long gone."""
    for hour in range(7 * 24):
        now = datetime(2027, 3, 1, tzinfo=UTC) + timedelta(hours=hour)
        recent = Recent(cast.monday, now)
        assert recent.shift % timedelta(weeks=1) == timedelta()
        silent = {p.key: now - recent.of(p.real)[-1].at for p in cast.people if p.real}
        assert all(s <= timedelta(days=15) or s >= timedelta(days=45) for s in silent.values()), silent


def test_the_history_is_whole() -> None:
    assert len(all_events()) == 1071
    assert sum(len(events) for events in all_events().values()) == 33_829


def _each_day(of: int) -> Callable[[], list[datetime]]:
    return lambda: [datetime(of, 1, 1, 15, 30, tzinfo=UTC) + timedelta(days=n) for n in range(366)]


@pytest.mark.parametrize("year", [2026, 2028])
def test_half_a_month_is_found_where_there_is_one(year: int) -> None:
    halves = 0
    for now in _each_day(year)():
        running = stories.half_way(now)
        if running is None:
            continue
        halves += 1
        began = running
        ends = stories.months_before(began, -1)
        elapsed = (now - began) // timedelta(days=1)
        assert elapsed * 2 == (ends - began) // timedelta(days=1)
        assert stories.months_before(stories.months_before(began, 13), -13) == began
    assert halves == (148 if year == 2026 else 120)
