"""Events in a file: CSV with a head, or one JSON object per line. Pure. Each line is judged alone."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
from django.utils.translation import gettext as _

from seats.errors import ImportRefused
from seats.usage.event import REQUIRED, Event, Refusal, read_event

MOST_BYTES = 20_000_000
LINE_BYTES = 8_000
COLUMNS = (*REQUIRED, "outcome", "quantity", "device", "network", "latitude", "longitude")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class EventFile:
    """lines: as they stand, without their ends; the first event is at `first`. read: None for a line without one."""

    format: str
    lines: list[bytes]
    first: int
    read: Callable[[bytes], Event | Refusal | None]


def open_event_file(data: bytes) -> EventFile:
    """Tell the format by the first line. Raises ImportRefused, which says what to change."""
    if len(data) > MOST_BYTES:
        raise ImportRefused(
            _("The file is larger than %(most)d MB. Split it and import the parts one after the other.")
            % {"most": MOST_BYTES // 1_000_000},
            too_large=True,
        )
    data = data.removeprefix(_BOM)
    _check_text(data)
    lines = data.split(b"\n")
    if not lines[-1].strip():
        lines.pop()
    begin = next((number for number, line in enumerate(lines) if line.strip()), None)
    if begin is None:
        raise ImportRefused(_("The file is empty."))
    head = lines[begin].strip()
    if head.startswith(b"["):
        raise ImportRefused(_("This is a JSON array. Write one event per line, with no brackets around them."))
    if head.startswith(b"{"):
        return EventFile("ndjson", lines, begin, _read_json)
    table = _table(head.decode())
    if not any(line.strip() for line in lines[begin + 1 :]):
        raise ImportRefused(_("The file has a head and no events below it."))
    return EventFile("csv", lines, begin + 1, table)


def _check_text(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportRefused(
            _("Line %(line)d is not UTF-8 text. Save the file as CSV UTF-8 or as NDJSON in UTF-8.") % {"line": line}
        ) from error


def _read_json(line: bytes) -> Event | Refusal | None:
    text = line.strip()
    if not text:
        return None
    return _too_long() if len(text) > LINE_BYTES else read_event(text)


def _table(head: str) -> Callable[[bytes], Event | Refusal | None]:
    """A reader of rows below this head. The delimiter is the one that the head uses more of."""
    delimiter = max(",;\t", key=head.count)
    names = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter))]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise ImportRefused(
            _("The first line must name the columns; these are missing: %(names)s.") % {"names": ", ".join(missing)}
        )
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise ImportRefused(
            _("These columns are not known: %(unknown)s. Known are %(known)s.")
            % {"unknown": ", ".join(name or "–" for name in unknown), "known": ", ".join(COLUMNS)}
        )
    if len(set(names)) < len(names):
        raise ImportRefused(_("A column stands twice in the first line."))

    def read(line: bytes) -> Event | Refusal | None:
        return _read_row(line, names, delimiter)

    return read


def _read_row(line: bytes, names: Sequence[str], delimiter: str) -> Event | Refusal | None:
    text = line.decode().strip("\r\n")
    if not text.strip(f"{delimiter} "):
        return None  # spreadsheets leave rows of delimiters
    if len(line) > LINE_BYTES:
        return _too_long()
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return Refusal("malformed", _("A quotation mark is not closed on its line."))
    if len(cells) != len(names):
        words = {"found": len(cells), "wanted": len(names)}
        return Refusal(
            "malformed", _("The number of fields is %(found)d here and %(wanted)d in the first line.") % words
        )
    row: dict[str, object] = {name: cell.strip() for name, cell in zip(names, cells, strict=True) if cell.strip()}
    if "quantity" in row:
        row["quantity"] = _whole(str(row["quantity"]))
    where = {name: _number(str(row.pop(name)), delimiter) for name in ("latitude", "longitude") if name in row}
    if where:
        row["place"] = where
    found = read_event(msgspec.json.encode(row))
    if isinstance(found, Refusal) and found.field.partition(".")[2] in where:
        return Refusal(found.code, found.text, found.field.partition(".")[2])
    return found


def _whole(text: str) -> int | str:
    # More digits than any number that is taken; int() refuses thousands of them with an error of its own.
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else text


def _number(text: str, delimiter: str) -> float | str:
    """A decimal comma is taken where it separates nothing else. Text that is no number is refused by its field."""
    try:
        number = float(text if delimiter == "," else text.replace(",", "."))
    except ValueError:
        return text
    return number if abs(number) <= 360 else text


def _too_long() -> Refusal:
    return Refusal("malformed", _("The line is longer than an event can be."))
