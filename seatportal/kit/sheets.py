"""A page of facts for print: built once, shown as HTML (components/sheet.html) and as PDF (kit/pdf.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Columns of text; the last one holds amounts. totals: rows below it, the last of them the one that counts."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    totals: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Section:
    """A heading with pairs of name and value, and perhaps a table."""

    title: str
    pairs: Sequence[tuple[str, str]] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Sheet:
    """Written text in one language (a code such as "de"); nothing here is translated or formatted any more."""

    title: str
    subtitle: str
    language: str
    sections: Sequence[Section] = field(default_factory=tuple)
    foot: str = ""
