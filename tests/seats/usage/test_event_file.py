"""Files of events: what is read, and what is said about the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seats.errors import ImportRefused
from seats.usage.event import Event, Place, Refusal
from seats.usage.event_file import LINE_BYTES, MOST_BYTES, open_event_file

HEAD = "id,user,feature,occurred_at"
ROW = "e-1,mia@acme.example,Reports,2026-05-04T12:00:00Z"


def read(text: str) -> list[Event | Refusal | None]:
    found = open_event_file(text.encode())
    return [found.read(line) for line in found.lines[found.first :]]


def one(text: str) -> Event | Refusal:
    [found] = read(text)
    assert found is not None
    return found


def code_of(text: str) -> tuple[str, str]:
    found = one(text)
    assert isinstance(found, Refusal)
    return found.code, found.field


def refused(data: bytes) -> str:
    with pytest.raises(ImportRefused) as caught:
        open_event_file(data)
    return str(caught.value)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n"])
@pytest.mark.parametrize("begin", ["", "\ufeff", "\n\n"])
def test_rows_below_a_head(begin: str, end: str) -> None:
    found = [event for event in read(f"{begin}{HEAD}\n{ROW}{end}") if event is not None]
    [event] = found
    assert isinstance(event, Event)
    assert (event.id, event.user, event.feature, event.outcome, event.quantity) == (
        "e-1",
        "mia@acme.example",
        "Reports",
        "",
        1,
    )
    assert event.occurred_at.isoformat() == "2026-05-04T12:00:00+00:00"


def test_semicolons_tabs_and_any_order() -> None:
    text = (
        "Quantity;Latitude;Longitude;occurred_at;id;user;feature;device\r\n3;38,7;-9,1;2026-05-04T12:00:00Z;a;u;f;d\r\n"
    )
    event = one(text)
    assert isinstance(event, Event)
    assert (event.quantity, event.place, event.device) == (3, Place(38.7, -9.1), "d")
    tabbed = one(f"{HEAD}\n{ROW}".replace(",", "\t"))
    assert isinstance(tabbed, Event)


def test_quotes_hold_delimiters() -> None:
    event = one(f'{HEAD}\n"e-1",u,"Reports, ""all""",2026-05-04T12:00:00Z')
    assert isinstance(event, Event)
    assert event.feature == 'Reports, "all"'


def test_a_line_is_judged_alone() -> None:
    found = read(f'{HEAD}\n"open,{ROW}\n{ROW}\nshort\n,,,\n{ROW},more')
    assert [f.code if isinstance(f, Refusal) else type(f).__name__ for f in found] == [
        "malformed",
        "Event",
        "malformed",
        "NoneType",
        "malformed",
    ]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("quantity", "0", ("invalid_field", "quantity")),
        ("quantity", "1.5", ("invalid_field", "quantity")),
        ("quantity", "9" * 5000, ("invalid_field", "quantity")),
        ("quantity", "²", ("invalid_field", "quantity")),
        ("latitude", "north", ("invalid_field", "latitude")),
        ("latitude", "nan", ("invalid_field", "latitude")),
        ("latitude", "91", ("invalid_field", "latitude")),
        ("latitude", "1", ("invalid_field", "place")),
    ],
)
def test_what_does_not_fit_is_named(column: str, value: str, expected: tuple[str, str]) -> None:
    assert code_of(f"{HEAD},{column}\n{ROW},{value}") == expected


def test_a_time_without_offset_and_a_missing_field_are_named() -> None:
    assert code_of(f"{HEAD}\na,u,f,2026-05-04T12:00:00") == ("invalid_field", "occurred_at")
    assert code_of(f"{HEAD}\n,u,f,2026-05-04T12:00:00Z") == ("missing_field", "id")


def test_an_open_quotation_mark_is_no_value() -> None:
    assert code_of(f'{HEAD}\na,u,f,"2026-05-04T12:00:00Z') == ("malformed", "")


def test_json_lines() -> None:
    line = '{"id":"a","user":"u","feature":"f","occurred_at":"2026-05-04T12:00:00Z"}'
    found = read(f"{line}\n\n[]\n{{\n")
    assert [f.code if isinstance(f, Refusal) else type(f).__name__ for f in found] == [
        "Event",
        "NoneType",
        "malformed",
        "malformed",
    ]


def test_a_line_too_long_for_any_event() -> None:
    assert code_of(f"{HEAD}\n{'x' * LINE_BYTES},{ROW}") == ("malformed", "")
    assert code_of('{"id":"' + "x" * LINE_BYTES + '"}') == ("malformed", "")


def test_files_that_are_refused_say_what_to_change() -> None:
    assert refused(b"") == refused(b"\n \r\n") == "The file is empty."
    assert refused(f"{HEAD}\n\n".encode()) == "The file has a head and no events below it."
    assert refused(b"id,user\na,b") == (
        "The first line must name the columns; these are missing: feature, occurred_at."
    )
    assert refused(f"{HEAD},colour\n{ROW},red".encode()).startswith(
        "These columns are not known: colour. Known are id,"
    )
    assert refused(f"{HEAD},id\n{ROW},b".encode()) == "A column stands twice in the first line."
    assert refused(b"[{}]").startswith("This is a JSON array.")
    assert refused(f"{HEAD}\nä".encode("latin-1")).startswith("Line 2 is not UTF-8 text.")
    assert refused(HEAD.encode("utf-16")).startswith("Line 1 is not UTF-8 text.")
    with pytest.raises(ImportRefused) as caught:
        open_event_file(b"x" * (MOST_BYTES + 1))
    assert caught.value.data == {"too_large": True}


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    for head in (b"", f"{HEAD}\n".encode(), b"{}\n"):
        try:
            found = open_event_file(head + data)
        except ImportRefused:
            continue
        for line in found.lines[found.first :]:
            found.read(line)
