"""Sign-ins with devices: a desk whose sign-in three people use at once, and a planner with a laptop and a phone."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from seatportal.demo.firm import Firm
from seatportal.demo.timeline import Timeline
from seats.sharing.find_sharing import find_sharing
from seats.sharing.show_cases import show_unanswered
from seats.usage.event import Event, Place
from seats.usage.ingest_events import MOST_EVENTS, ingest_events

HULL, ROTTERDAM, LONDON = Place(53.74, -0.33), Place(51.92, 4.48), Place(51.51, -0.13)
# Days before today on which they work; the case is found after them and nobody answers it.
WORKED = (12, 11, 10, 9)
FOUND = 8


def give_devices(firm: Firm, line: Timeline, now: datetime, *, shared: str, carried: str) -> None:
    """`shared` is used by three people at once, and asked about; `carried` by one with two devices and a VPN."""
    line.at(now - timedelta(days=FOUND), partial(_work, firm, now, shared, carried))
    line.at(now, lambda at: show_unanswered(at=at))


def _work(firm: Firm, now: datetime, shared: str, carried: str, at: datetime) -> None:
    events: list[Event] = []
    for ago in WORKED:
        day = now - timedelta(days=ago)
        # Three at once: the quay, the partner's office across the sea, and somebody at home.
        events += _session(firm, shared, day, 0, "quay-pc", "203.0.113.20", HULL)
        events += _session(firm, shared, day, 10, "partner-pc", "198.51.100.31", ROTTERDAM)
        events += _session(firm, shared, day, 25, "home-laptop", "192.0.2.77", LONDON)
        # One person: the laptop in the office, then through a VPN abroad; the phone on its own network all along.
        events += _session(firm, carried, day, 0, "laptop", "203.0.113.20", HULL)
        events += _session(firm, carried, day, 70, "laptop", "198.51.100.200", ROTTERDAM)
        events += _session(firm, carried, day, 5, "phone", "192.0.2.140", LONDON)
    for start in range(0, len(events), MOST_EVENTS):
        ingest_events(account=firm.account, events=events[start : start + MOST_EVENTS], at=at)
    find_sharing(account=firm.account, at=at)


def _session(
    firm: Firm, key: str, day: datetime, begins: int, device: str, network: str, place: Place
) -> Iterable[Event]:
    """An hour of work with an action every ten minutes. begins: minutes after the moment of `day`."""
    member = firm.people[key]
    for minute in range(begins, begins + 61, 10):
        moment = day + timedelta(minutes=minute)
        name = f"{member.public_id}-{device}-{moment:%m%d%H%M}"
        yield Event(name, member.public_id, "Dispatch board", moment, device=device, network=network, place=place)
