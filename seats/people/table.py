"""A file of people as a table: a head, and rows with their lines. Pure."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from zlib import compress, decompress

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seats.errors import ImportRefused

MOST_PEOPLE = 5_000
MOST_BYTES = 5_000_000
MOST_COLUMNS = 60
LONGEST_CELL = 400
_BOM = b"\xef\xbb\xbf"
# Our own downloads put an apostrophe before what a spreadsheet would run.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Table:
    """rows: each with its line in the file, counted from 1, and as many cells as the head has."""

    head: list[str]
    rows: list[tuple[int, list[str]]]

    def pack(self) -> bytes:
        """To keep."""
        return compress(json.dumps([self.head, self.rows], ensure_ascii=False).encode())


def unpack(content: bytes) -> Table:
    """What `pack` kept."""
    head, rows = json.loads(decompress(content))
    return Table(head, [(line, cells) for line, cells in rows])


def read_table(data: bytes) -> Table:
    """A CSV file with a head. Raises ImportRefused, which says what to change."""
    if len(data) > MOST_BYTES:
        raise ImportRefused(
            _("The file is larger than %(most)d MB. Split it and import the parts one after the other.")
            % {"most": MOST_BYTES // 1_000_000},
            too_large=True,
        )
    text = _text(data.removeprefix(_BOM))
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise ImportRefused(_("The file is empty."))
    reader = csv.reader(StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    head: list[str] | None = None
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if head is None:
                head = _head(cells)
            else:
                rows.append((begins, _row(begins, cells, len(head))))
    except csv.Error as error:
        raise ImportRefused(
            _("Line %(line)d cannot be read: a quotation mark is not closed or stands in the middle of a cell.")
            % {"line": reader.line_num}
        ) from error
    if head is None or not rows:
        raise ImportRefused(_("The file has a head and no people below it."))
    check_number(len(rows))
    return Table(head, rows)


def check_number(people: int) -> None:
    """Raises ImportRefused where there are too many at once."""
    if people > MOST_PEOPLE:
        text = ngettext(
            "The file has %(count)d person; at most %(most)d are imported at once. Split it.",
            "The file has %(count)d people; at most %(most)d are imported at once. Split it.",
            people,
        )
        raise ImportRefused(text % {"count": people, "most": MOST_PEOPLE})


def _text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportRefused(
            _("Line %(line)d is not UTF-8 text. Save the file as CSV UTF-8.") % {"line": line}
        ) from error
    if "\x00" in text:
        raise ImportRefused(_("This is not a text file. Save the table as CSV UTF-8."))
    return text


def _head(cells: Sequence[str]) -> list[str]:
    if any("@" in cell for cell in cells):
        raise ImportRefused(_("The first line must name the columns, such as email, name and department."))
    if len(cells) > MOST_COLUMNS:
        raise ImportRefused(_("The file has more than %(most)d columns.") % {"most": MOST_COLUMNS})
    return [cell.strip()[:80] for cell in cells]


def _row(line: int, cells: Sequence[str], wanted: int) -> list[str]:
    """Missing cells at the end are empty ones; further ones may only be empty."""
    if any(cell.strip() for cell in cells[wanted:]):
        words = {"line": line, "found": len(cells), "wanted": wanted}
        raise ImportRefused(
            _("Line %(line)d has %(found)d cells and the first line %(wanted)d. Put quotation marks around cells.")
            % words
        )
    row = [_cell(line, cell) for cell in cells[:wanted]]
    return row + [""] * (wanted - len(row))


def _cell(line: int, text: str) -> str:
    cell = text.strip()
    if len(cell) > LONGEST_CELL:
        raise ImportRefused(_("Line %(line)d has a cell that is too long.") % {"line": line})
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
