"""The house rules of templates and styles that a machine can hold."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
PORTAL = settings.BASE_DIR / "seatportal" / "static" / "portal"
PAGES = [path for path in TEMPLATES if "emails" not in path.parts]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_pages_hold_the_content_security_policy(path: Path) -> None:
    """Nothing inline: no style attribute, no handler, no script but data and files."""
    text = path.read_text()

    assert re.findall(r"<[^>]*\sstyle=", text) == []
    assert re.findall(r"<[^>]*\son[a-z]+=", text) == []
    assert "<style" not in text
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", text) == []
    assert re.findall(r"""(?:src|href)=["']https?://""", text) == []


def test_every_icon_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (PORTAL / "icons.svg").read_text()))
    asked = {name for path in TEMPLATES for name in re.findall(r'(?:{% icon |icon=)"([a-z0-9-]+)"', path.read_text())}

    assert asked - drawn == set()


def test_style_sheets_stay_small_and_are_all_imported() -> None:
    sheets = {path.relative_to(PORTAL / "css").as_posix(): path.read_text() for path in (PORTAL / "css").rglob("*.css")}
    imported = {
        name
        for text in sheets.values()
        for name in re.findall(r'@import url\("([^"]+)"\)', text)
        if "admin/" not in name
    }

    assert {name for name, text in sheets.items() if len(text.splitlines()) > 150} == set()
    assert set(sheets) - imported == {"portal.css", "admin.css"}


def test_every_token_that_is_used_is_defined() -> None:
    text = "\n".join(path.read_text() for path in (PORTAL / "css").rglob("*.css"))

    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", text)) - set(re.findall(r"(--[a-z0-9-]+):", text)) == set()
