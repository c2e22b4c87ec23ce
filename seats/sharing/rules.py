"""Whether one sign-in is used by several people, judged by its sessions. Pure.

One person carries a laptop and a phone, works from home, from the office and on a mobile network, uses both at the same
time, and switches a VPN on and off. None of that may count, so nothing is ever found for two devices.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from string import ascii_uppercase

from seats.usage.sessions import Place, Session

# Two working weeks: long enough for a habit, short enough that a replaced laptop does not add up with the old one.
WINDOW = timedelta(days=14)
# A laptop and a phone.
CARRIED = 2
# Laptop, phone, tablet and a computer at home; more than that in regular use is unusual for one person.
USUAL_DEVICES = 4
# A device counts as one in regular use from this many days on: a private window looks like a new device each time.
REGULAR_DAYS = 2
# An airliner's cruising speed; nobody travels faster.
FASTEST_KMH = 900
# Each end of a trip is rounded to whole degrees: up to half a degree off in both directions, 79 km at the equator.
ROUNDING_KM = 160
EARTH_KM = 6371.0

# Three networks at once are more than one person carries: enough by itself.
AT_ONCE_SCORE = 60
# Each further network at once removes more of the doubt.
FURTHER_SCORE = 20
# A trip between two devices may still be a mobile network that surfaces elsewhere, and many devices may be a
# collector's: either alone stays below FIRES, both together reach it.
TRIP_SCORE, TRIPS_AT_MOST = 20, 2
DEVICE_SCORE, DEVICES_AT_MOST = 10, 3
FIRES = 50
# So much of each kind is kept as evidence; more would tell nothing new.
SHOWN = 5


@dataclass(frozen=True)
class Device:
    """A device by the letter that the evidence calls it, on how many days (UTC) it was used, and its last use."""

    name: str
    days: int
    last_at: datetime


@dataclass(frozen=True)
class Moment:
    """Devices that were at work at once, each on a network of its own."""

    from_at: datetime
    to_at: datetime
    devices: tuple[str, ...]


@dataclass(frozen=True)
class Trip:
    """Two devices in places too far apart for the time between. minutes: between leaving and arriving, 0 at once."""

    at: datetime
    leaves: str
    arrives: str
    km: int
    minutes: int


@dataclass(frozen=True)
class Sharing:
    """What was seen of one person. score: 0 to 100. at_once: most networks at one moment, each by another device.

    extra_people: how many more than one person use the sign-in, by estimate: everybody at once but one.
    """

    membership_id: int
    score: int
    at_once: int
    extra_people: int
    devices: tuple[Device, ...]
    moments: tuple[Moment, ...]
    trips: tuple[Trip, ...]

    @property
    def fires(self) -> bool:
        """Enough to ask the person."""
        return self.score >= FIRES


def judge_all(sessions: Iterable[Session]) -> list[Sharing]:
    """Those of whom there is enough to ask, from the sessions of many people."""
    by_person: dict[int, list[Session]] = defaultdict(list)
    for session in sessions:
        by_person[session.membership_id].append(session)
    judged = (judge(own) for own in by_person.values())
    return [found for found in judged if found is not None and found.fires]


def judge(sessions: Sequence[Session]) -> Sharing | None:
    """What one person's sessions show; None when they used no more devices than one carries."""
    if len({session.device for session in sessions}) <= CARRIED:
        return None
    ordered = sorted(sessions, key=lambda session: (session.started_at, session.ended_at, session.device))
    names = _names(ordered)
    days = _days(ordered)
    regular = {device for device, dates in days.items() if len(dates) >= REGULAR_DAYS}
    moments = _moments(ordered, names)
    trips = _trips([session for session in ordered if session.device in regular], ordered, names)
    at_once = max((len(moment.devices) for moment in moments), default=1)
    last = {session.device: session.ended_at for session in sorted(ordered, key=lambda session: session.ended_at)}
    return Sharing(
        membership_id=ordered[0].membership_id,
        score=_score(at_once, len(trips), len(regular)),
        at_once=at_once,
        extra_people=max(at_once - 1, 1),
        devices=tuple(Device(name, len(days[device]), last[device]) for device, name in names.items()),
        moments=_strongest(moments),
        trips=_farthest(trips),
    )


def kilometres(one: Place, other: Place) -> float:
    """Great-circle distance (haversine formula)."""
    lat1, lat2 = radians(one.latitude), radians(other.latitude)
    half_lat, half_lon = (lat2 - lat1) / 2, radians(other.longitude - one.longitude) / 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, sin(half_lat) ** 2 + cos(lat1) * cos(lat2) * sin(half_lon) ** 2)))


def impossible(km: float, elapsed: timedelta) -> bool:
    """Whether so far is too far for the time, with the rounding of places in the traveller's favour."""
    return km - ROUNDING_KM > FASTEST_KMH * max(elapsed, timedelta(0)) / timedelta(hours=1)


def _score(at_once: int, trips: int, regular: int) -> int:
    score = AT_ONCE_SCORE + FURTHER_SCORE * (at_once - CARRIED - 1) if at_once > CARRIED else 0
    score += TRIP_SCORE * min(trips, TRIPS_AT_MOST)
    score += DEVICE_SCORE * min(max(regular - USUAL_DEVICES, 0), DEVICES_AT_MOST)
    return min(score, 100)


def _moments(ordered: Sequence[Session], names: dict[int, str]) -> list[Moment]:
    """At the start of each session: devices at work on networks of their own, where they are two or more.

    A device is on one network at a time, that of its newest session: a VPN that is switched on is no second place.
    """
    moments = []
    open_sessions: list[Session] = []
    for session in ordered:
        open_sessions = [other for other in open_sessions if other.ended_at >= session.started_at]
        open_sessions.append(session)
        present = {other.device: other for other in open_sessions}
        apart = {other.network: other for other in present.values()}
        if len(apart) >= CARRIED:
            ends = min(other.ended_at for other in apart.values())
            together = tuple(sorted(names[other.device] for other in apart.values()))
            moments.append(Moment(session.started_at, max(ends, session.started_at), together))
    return moments


def _strongest(moments: Iterable[Moment]) -> tuple[Moment, ...]:
    """One for each set of devices, the longest; most devices first. Only what one person does not carry."""
    best: dict[tuple[str, ...], Moment] = {}
    for moment in moments:
        known = best.get(moment.devices)
        longer = known is None or moment.to_at - moment.from_at > known.to_at - known.from_at
        if len(moment.devices) > CARRIED and longer:
            best[moment.devices] = moment
    return tuple(sorted(best.values(), key=lambda moment: (-len(moment.devices), moment.from_at))[:SHOWN])


def _trips(regular: Sequence[Session], every: Sequence[Session], names: dict[int, str]) -> list[Trip]:
    """Trips between two devices that nobody can make. Networks that are not where they seem say nothing."""
    relays = _relays(every)
    placed = [s for s in regular if s.from_place and s.to_place and s.network not in relays]
    trips = []
    for one, other in pairwise(placed):
        if one.device == other.device or one.network == other.network:
            continue
        if (trip := _trip(one, other)) is not None:
            trips.append(replace(trip, leaves=names[one.device], arrives=names[other.device]))
    return trips


def _farthest(trips: Iterable[Trip]) -> tuple[Trip, ...]:
    """One for each pair of devices, whichever went first."""
    best = {frozenset((trip.leaves, trip.arrives)): trip for trip in sorted(trips, key=lambda trip: trip.km)}
    return tuple(sorted(best.values(), key=lambda trip: (-trip.km, trip.at))[:SHOWN])


def _relays(ordered: Sequence[Session]) -> set[int]:
    """Networks that one and the same device changed between faster than anybody travels: a VPN, or a mobile network
    that surfaces elsewhere. Which of the two it was cannot be told, so neither place is believed."""
    found: set[int] = set()
    last: dict[int, Session] = {}
    for session in ordered:
        before = last.get(session.device)
        if before is not None and before.network != session.network and _trip(before, session) is not None:
            found |= {before.network, session.network}
        if session.from_place and session.to_place:
            last[session.device] = session
    return found


def _trip(one: Session, other: Session) -> Trip | None:
    if one.to_place is None or other.from_place is None:
        return None
    km = kilometres(one.to_place, other.from_place)
    elapsed = max(other.started_at - one.ended_at, timedelta(0))
    if not impossible(km, elapsed):
        return None
    return Trip(other.started_at, "", "", round(km), int(elapsed / timedelta(minutes=1)))


def _names(ordered: Iterable[Session]) -> dict[int, str]:
    """Letters in the order of first use, so that no hash ever leaves: A to Z, then AA, AB and so on."""
    devices = list(dict.fromkeys(session.device for session in ordered))
    return {device: _letters(number) for number, device in enumerate(devices)}


def _letters(number: int) -> str:
    more, last = divmod(number, len(ascii_uppercase))
    return (_letters(more - 1) if more else "") + ascii_uppercase[last]


def _days(ordered: Iterable[Session]) -> dict[int, set[object]]:
    days: dict[int, set[object]] = defaultdict(set)
    for session in ordered:
        days[session.device] |= {session.started_at.date(), session.ended_at.date()}
    return days
