"""When a sign-in is held to be shared: never for one person with two devices, always for three people at once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from seats.sharing.rules import FIRES, ROUNDING_KM, Sharing, impossible, judge, judge_all, kilometres
from seats.usage.sessions import Place, Session

AT = datetime(2026, 5, 4, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LISBON, NEW_YORK, TOKYO = Place(39, -9), Place(41, -74), Place(36, 140)


def session(
    device: int, network: int, start: timedelta, length: timedelta = HOUR, place: Place | None = None
) -> Session:
    return Session(1, device, network, AT + start, AT + start + length, place, place)


def judged(*sessions: Session) -> Sharing:
    found = judge(sessions)
    assert found is not None
    return found


# One person: two devices, any networks, any places, any times.
times = st.integers(0, 14 * 24 * 60).map(lambda minutes: minutes * MINUTE)
lengths = st.integers(0, 600).map(lambda minutes: minutes * MINUTE)
places = st.none() | st.builds(Place, st.integers(-90, 90), st.integers(-180, 180))
two_devices = st.lists(st.builds(session, st.sampled_from([1, 2]), st.integers(1, 8), times, lengths, places))


@settings(max_examples=300, deadline=None)
@given(two_devices)
def test_a_laptop_and_a_phone_never_fire(sessions: list[Session]) -> None:
    """Home, office, mobile network, a VPN that is switched, both at once: whatever two devices do."""
    assert judge(sessions) is None
    assert judge_all(sessions) == []


@st.composite
def with_a_tablet(draw: st.DrawFn) -> list[Session]:
    """One person's three devices: the phone on its own network, the others on that of where the person is."""
    sessions = []
    for day in range(draw(st.integers(1, 14))):
        for device in draw(st.lists(st.sampled_from(["laptop", "phone", "tablet"]), max_size=8)):
            mobile = device == "phone" and draw(st.booleans())
            network = 9 if mobile else 1 if draw(st.booleans()) else 2
            start = day * DAY + (0 if network == 1 else 12 if network == 2 else draw(st.integers(0, 20))) * HOUR
            length = draw(st.integers(0, 240)) * MINUTE
            sessions.append(session(["laptop", "phone", "tablet"].index(device), network, start, length, LISBON))
    return sessions


@settings(max_examples=200, deadline=None)
@given(with_a_tablet())
def test_neither_does_a_tablet_in_the_same_household(sessions: list[Session]) -> None:
    assert judge_all(sessions) == []


@st.composite
def three_people(draw: st.DrawFn) -> list[Session]:
    """Three people who work at the same time, each at home, amid anything else that happens on the sign-in."""
    start = draw(times)
    late = st.integers(0, 59).map(lambda minutes: start + minutes * MINUTE)
    together = [session(number, number, draw(late), HOUR, draw(places)) for number in (11, 12, 13)]
    others = st.builds(session, st.integers(1, 4), st.integers(1, 20), times, lengths, places)
    return draw(st.permutations([*together, *draw(st.lists(others, max_size=20))]))


@settings(max_examples=300, deadline=None)
@given(three_people())
def test_three_people_at_once_always_fire(sessions: list[Session]) -> None:
    [found] = judge_all(sessions)
    assert found.score >= FIRES
    assert found.at_once >= 3
    assert found.extra_people == found.at_once - 1


def test_evidence_names_devices_by_letters_and_says_when() -> None:
    found = judged(
        session(700, 70, timedelta(0)),
        session(800, 80, 10 * MINUTE),
        session(900, 90, 20 * MINUTE, 20 * MINUTE),
        session(700, 70, DAY),
    )
    assert (found.score, found.at_once, found.extra_people) == (60, 3, 2)
    assert [(device.name, device.days, device.last_at) for device in found.devices] == [
        ("A", 2, AT + DAY + HOUR),
        ("B", 1, AT + HOUR + 10 * MINUTE),
        ("C", 1, AT + 40 * MINUTE),
    ]
    [moment] = found.moments
    assert (moment.from_at, moment.to_at, moment.devices) == (AT + 20 * MINUTE, AT + 40 * MINUTE, ("A", "B", "C"))
    assert found.trips == ()


def test_each_further_place_at_once_weighs_more() -> None:
    four = judged(*(session(number, number, timedelta(0)) for number in range(4)))
    assert (four.score, four.at_once, four.extra_people) == (80, 4, 3)
    nine = judged(*(session(number, number, timedelta(0)) for number in range(9)))
    assert (nine.score, nine.at_once, nine.extra_people) == (100, 9, 8)


def test_one_after_the_other_is_not_at_once() -> None:
    found = judged(*(session(number, number, number * 2 * HOUR) for number in range(3)))
    assert (found.score, found.at_once, found.moments) == (0, 1, ())


def test_a_vpn_on_the_way_is_no_second_place() -> None:
    """The laptop's old network still counts as open for a moment; the tablet is on the home network, too."""
    found = judged(
        session(1, 10, timedelta(0), 2 * HOUR),
        session(1, 66, 10 * MINUTE, 20 * MINUTE),
        session(2, 20, 15 * MINUTE, 5 * MINUTE),
        session(3, 20, 16 * MINUTE, 4 * MINUTE),
    )
    assert (found.at_once, found.score) == (2, 0)


def regular(device: int, network: int, hours: int, place: Place) -> list[Session]:
    """A device that is used at the same hour on two days."""
    return [session(device, network, day * DAY + hours * HOUR, 10 * MINUTE, place) for day in range(2)]


def test_impossible_trips_and_many_devices_fire_only_together() -> None:
    lisbon, tokyo = regular(1, 10, 0, LISBON), regular(2, 20, 1, TOKYO)
    few = judged(*lisbon, *tokyo, *regular(3, 10, 5, LISBON))
    # Each pair once, the farthest; there and back, on two days, is no more to show.
    assert {frozenset((trip.leaves, trip.arrives)) for trip in few.trips} == {frozenset("AB"), frozenset("BC")}
    assert [trip.km for trip in few.trips] == [11090, 11090]
    assert few.score == 40
    assert not few.fires
    many = judged(*lisbon, *tokyo, *regular(3, 10, 5, LISBON), *regular(4, 10, 6, LISBON), *regular(5, 10, 7, LISBON))
    assert (many.score, many.extra_people) == (50, 1)
    assert many.fires
    at_home = judged(*(one for number in range(9) for one in regular(number, 10, number, LISBON)))
    assert (at_home.score, at_home.trips) == (30, ())


def test_a_network_that_one_device_jumps_to_tells_no_place() -> None:
    """The laptop switches a VPN in New York on, so that neither end of its jump is believed."""
    jump = [session(1, 66, 15 * MINUTE, 10 * MINUTE, NEW_YORK), session(1, 66, DAY, 10 * MINUTE, NEW_YORK)]
    vpn = [*regular(1, 10, 0, LISBON), *jump, *regular(2, 10, 1, LISBON), *regular(3, 10, 2, LISBON)]
    assert judged(*vpn).trips == ()


def test_places_are_rounded_in_the_travellers_favour() -> None:
    assert round(kilometres(Place(0, 0), Place(0, 1)), 1) == 111.2
    assert round(kilometres(Place(90, 0), Place(-90, 77))) == 20015
    assert kilometres(Place(0, 180), Place(0, -180)) < 1
    assert not impossible(ROUNDING_KM, timedelta(0))
    assert impossible(ROUNDING_KM + 1, timedelta(0))
    assert not impossible(ROUNDING_KM + 900, HOUR)
    assert impossible(ROUNDING_KM + 901, HOUR)
