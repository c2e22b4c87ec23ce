"""What the documents say exists."""

import re
from pathlib import Path

from django.core.management import get_commands

from seatportal.env import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]


def test_commands_that_documents_name_exist() -> None:
    known = set(get_commands())
    for page in PAGES:
        for command in re.findall(r"manage\.py (\w+)", page.read_text()):
            if "does not exist yet" not in page.read_text() or command != "bench":
                assert command in known, f"{page.name}: {command}"


def test_example_environment_lists_every_variable_and_no_other() -> None:
    named = re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)

    assert named == [variable.name for variable in VARIABLES]


def test_variables_that_documents_name_exist() -> None:
    text = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", text)) - {"CHROMIUM_PATH"}

    assert named <= {variable.name for variable in VARIABLES}


def test_links_between_documents_lead_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()

    for page in (ROOT / "docs/adr").glob("0*.md"):
        assert f"({page.name})" in index
