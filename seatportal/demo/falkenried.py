"""The large account: every person of the real history, in a German firm on three continents."""

from datetime import date, datetime, timedelta
from functools import partial

from seatportal.demo.casting import Cast, Person
from seatportal.demo.firm import Firm
from seatportal.demo.history import Recent, all_events, home_offset
from seatportal.demo.names import Namer
from seatportal.demo.timeline import Timeline
from seatportal.demo.vendor import Vendor
from seats.holders.queries import seat_counts

SEATS_AT_FIRST, SEATS, HELD = 700, 1020, 1000
# Days before today on which people join: those whose real first event lies before that day, and at last the rest.
ARRIVALS = (400, 240, 120)
RAISED = 200
_DEPARTMENTS = {
    "Konstruktion": ("Konstrukteur/in", "Berechnung", "Technische Redaktion"),
    "Fertigung": ("Schichtleitung", "Arbeitsvorbereitung", "Disposition"),
    "Vertrieb": ("Außendienst", "Innendienst", "Angebotswesen"),
    "Service": ("Servicetechnik", "Ersatzteile", "Hotline"),
    "Einkauf": ("Strategischer Einkauf", "Disposition"),
    "Qualität": ("Prüfplanung", "Auditwesen"),
    "IT": ("Anwendungsbetreuung", "Systembetrieb"),
}
_ROLES = {0: "owner", 1: "admin", 2: "billing"} | dict.fromkeys(range(3, 10), "team_manager")


def falkenried(line: Timeline, vendor: Vendor, now: datetime) -> Firm:
    """1,071 people, 1,020 seats at a volume price in euros, 1,000 held; the number was raised by the vendor's staff."""
    firm = Firm(cast_of_all(), vendor)
    recent = Recent(firm.cast.monday, now)
    line.at(_ago(now, ARRIVALS[0] + 5), firm.open)
    line.at(_ago(now, ARRIVALS[0] + 4), lambda at: firm.subscribe("volume-eur", SEATS_AT_FIRST, at))
    line.at(_ago(now, RAISED), lambda at: firm.raise_by_vendor(SEATS, at))
    first = {person.key: _first_event(person, recent) for person in firm.cast.people}
    for ago in ARRIVALS:
        line.at(_ago(now, ago), partial(_arrive, firm, first, ago == ARRIVALS[-1]))
    line.at(now, firm.use)
    return firm


def _arrive(firm: Firm, first: dict[str, datetime | None], last: bool, at: datetime) -> None:
    """People join, and sit down while there are seats and fewer than HELD are taken."""
    people = [
        person
        for person in firm.cast.people
        if person.key not in firm.people and (last or ((began := first[person.key]) is not None and began <= at))
    ]
    firm.join(people, at)
    counts = seat_counts(firm.account, at)
    firm.seat(at, *[person.key for person in people][: min(counts.free, HELD - counts.assigned)])


def cast_of_all() -> Cast:
    """Invented names for all; who works where follows the real history."""
    namer = Namer()
    departments = list(_DEPARTMENTS)
    people = []
    for number, real in enumerate(all_events()):
        region = _region(real)
        department = departments[number % len(departments)]
        titles = _DEPARTMENTS[department]
        title = titles[number // len(departments) % len(titles)]
        role = _ROLES.get(number, "member")
        people.append(Person(namer.name(region), title, department, region, real, role=role, alias=real))
    return Cast(
        name="Falkenried Maschinenbau",
        domain="falkenried.example",
        monday=date(2022, 11, 7),
        people=tuple(people),
        locale="de",
        time_zone="Europe/Berlin",
        industry="Maschinenbau",
    )


def _region(real: str) -> str:
    """Where somebody works, by the offset at which their real clock stood."""
    hours = home_offset(real) / timedelta(hours=1)
    return "Amerika" if hours <= -2.5 else "Europa" if hours <= 3.5 else "Asien-Pazifik"


def _first_event(person: Person, recent: Recent) -> datetime | None:
    events = recent.of(person.real)
    return events[0].at if events else None


def _ago(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)
