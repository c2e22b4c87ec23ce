"""A sheet as PDF, A4. The only file that imports fpdf (ADR 44)."""

from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from seatportal.kit.sheets import Section, Sheet, Table

FONTS = Path(__file__).parent / "fonts"
NAME_WIDTH, LINE = 52, 5.6


class _Paper(FPDF):
    foot = ""

    def footer(self) -> None:
        """On every page; fpdf calls it."""
        self.set_y(-14)
        self.set_font("Inter", size=8)
        self.set_text_color(90)
        self.cell(self.epw - 16, 5, self.foot)
        self.cell(16, 5, f"{self.page_no()}", align=Align.R)


def sheet_pdf(sheet: Sheet, *, at: datetime) -> bytes:
    """Draw it; the same sheet and moment give the same bytes."""
    paper = _Paper(format="A4")
    paper.foot = sheet.foot
    paper.add_font("Inter", fname=FONTS / "inter-regular.ttf")
    paper.add_font("Inter", style="B", fname=FONTS / "inter-semibold.ttf")
    paper.set_margin(18)
    paper.set_auto_page_break(True, margin=20)
    paper.set_title(sheet.title)
    paper.set_lang(sheet.language)
    paper.set_creation_date(at)
    paper.add_page()
    _text(paper, sheet.title, size=18, bold=True)
    if sheet.subtitle:
        _text(paper, sheet.subtitle, size=10, grey=True)
    for section in sheet.sections:
        _section(paper, section)
    return bytes(paper.output())


def _text(paper: FPDF, text: str, *, size: float, bold: bool = False, grey: bool = False) -> None:
    paper.set_font("Inter", style="B" if bold else "", size=size)
    paper.set_text_color(90 if grey else 20)
    paper.multi_cell(0, size * 0.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align=Align.L)


def _section(paper: FPDF, section: Section) -> None:
    paper.ln(5)
    _text(paper, section.title, size=11.5, bold=True)
    paper.ln(1)
    for name, value in section.pairs:
        _pair(paper, name, value)
    if section.table is not None:
        _table(paper, section.table)


def _pair(paper: FPDF, name: str, value: str) -> None:
    """Name beside value; a long name or value takes more lines, and a pair is never cut by a page's end."""
    paper.set_font("Inter", size=9.5)
    if paper.will_page_break(LINE * (2 + value.count("\n"))):
        paper.add_page()
    top = paper.get_y()
    paper.set_text_color(90)
    paper.multi_cell(NAME_WIDTH, LINE, name, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align=Align.L)
    below = paper.get_y()
    paper.set_xy(paper.l_margin + NAME_WIDTH, top)
    paper.set_text_color(20)
    paper.multi_cell(0, LINE, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align=Align.L)
    paper.set_y(max(below, paper.get_y()))


def _table(paper: FPDF, table: Table) -> None:
    paper.set_font("Inter", size=9.5)
    paper.set_text_color(20)
    columns = len(table.head)
    widths = (60, *[20] * (columns - 1))
    aligns = (Align.L, *[Align.L] * (columns - 2), Align.R)
    with paper.table(
        col_widths=widths,
        text_align=aligns,
        line_height=LINE,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD"),
        padding=0.8,
    ) as drawn:
        drawn.row(list(table.head))
        for row in table.rows:
            drawn.row(list(row))
        for number, (name, value) in enumerate(table.totals, 1):
            strong = FontFace(emphasis="BOLD") if number == len(table.totals) else None
            line = drawn.row(style=strong)
            line.cell(name, colspan=columns - 1)
            line.cell(value)
