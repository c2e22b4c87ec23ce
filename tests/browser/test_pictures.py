"""The pictures in docs/pictures, of the demo's own account. `UPDATE_PICTURES=1` makes them anew."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from playwright.sync_api import Page, expect

from seats.models import Assignment
from tests.browser.conftest import Visit
from tests.browser.demo import Studio
from tests.browser.test_barriers import staff_member

pytestmark = pytest.mark.django_db(transaction=True)

FOLDER = Path(site_settings.BASE_DIR) / "docs" / "pictures"
LARGEST = 160_000  # bytes; they are part of every clone


def take(page: Page, name: str) -> None:
    """Draw what is in the window; keep it where pictures are to be renewed."""
    page.evaluate("document.fonts.ready")
    drawn = page.screenshot(animations="disabled")
    assert len(drawn) < LARGEST, name
    target = FOLDER / f"{name}.png"
    if os.environ.get("UPDATE_PICTURES") == "1":
        FOLDER.mkdir(exist_ok=True)
        target.write_bytes(drawn)
    assert target.exists(), f"{target.name} is missing: run with UPDATE_PICTURES=1"


def test_every_main_page_has_a_picture(studio: Studio, visit: Visit, settings: Any) -> None:
    home = f"/a/{studio.account.slug}/"
    seat = Assignment.objects.get(membership=studio.firm.people["grace"], ended_at__isnull=True)
    stranger = visit()
    stranger.goto("/accounts/login/")
    take(stranger, "sign-in")

    page = visit(studio.owner)
    for name, path in {
        "overview": "",
        "seats": "seats/",
        "reassign": f"seats/{seat.public_id}/reassign/?to={studio.firm.people['liam'].public_id}",
        "reduce": "seats/reduce/?quantity=8",
        "invoices": "invoices/",
        "ledger": "ledger/",
        "usage": "usage/",
        "plan": "plan/",
    }.items():
        page.goto(home + path)
        take(page, name)

    page.goto(f"{home}seats/add/?add=2")
    take(page, "add-seats")
    page.get_by_role("button", name="Pay $40.00 and add 2 seats").click()
    expect(page.get_by_role("heading", name="2 seats added")).to_be_visible()
    take(page, "seats-added")

    settings.STAFF_NEED_MFA = False
    office = visit(staff_member())
    office.goto("/staff/")
    take(office, "staff")
