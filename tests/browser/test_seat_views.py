"""Columns and saved views of the seats table: by keyboard, without a script, and on a narrow phone."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member
from accounts.models import Role
from seatportal.kit.clock import now
from seats.models import SavedView
from tests.browser.conftest import Visit
from tests.browser.demo import Studio
from tests.browser.test_barriers import barriers
from tests.browser.test_other_ways import tab_to
from tests.browser.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def axe_may_measure(watch: Watch) -> None:
    """As in test_barriers."""
    watch.forgiven.append("Applying inline style violates")


def fits(page: Page) -> bool:
    """Nothing of the page stands beyond its edge."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def heads(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("thead th").all_inner_texts() if text.strip()]


def test_by_keyboard(studio: Studio, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit(studio.owner)
    page.goto(f"/a/{studio.account.slug}/seats/?show=idle")
    tab_to(page, page.locator("summary", has_text="Columns and views"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("checkbox", name="Title"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("checkbox", name="Last 30 days"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Use these columns"))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert heads(page) == ["Person", "State", "Department", "Title", "Last active", "Seat since", "Actions"]
    tab_to(page, page.locator("summary", has_text="Columns and views"))
    page.keyboard.press("Enter")
    assert barriers(page) == []
    tab_to(page, page.get_by_label("Name of the view"))
    page.keyboard.type("Silent people")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Silent people").first).to_have_attribute("aria-current", "true")
    assert "show=idle" in page.url


def test_without_a_script_and_narrow(studio: Studio, visit: Visit) -> None:
    page = visit(studio.owner, js=False, width=390, height=844)
    page.goto(f"/a/{studio.account.slug}/seats/")
    page.locator("summary", has_text="Columns and views").click()
    for name in ("Role", "Region", "Title", "Level", "Manager"):
        page.get_by_role("checkbox", name=name, exact=True).check()
    page.get_by_role("button", name="Use these columns").click()
    assert fits(page)
    page.locator("summary", has_text="Columns and views").click()
    page.get_by_label("Name of the view").fill("All of it")
    page.get_by_role("button", name="Save this view").click()
    expect(page.get_by_text("The view “All of it” is saved.")).to_be_visible()
    assert fits(page)
    if folder := os.environ.get("SEAT_VIEWS_PICTURES"):
        page.screenshot(path=Path(folder) / "narrow.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert fits(page)
    if folder:
        page.locator("summary", has_text="Columns and views").click()
        page.screenshot(path=Path(folder) / "wide.png", full_page=True)
        page.locator("summary", has_text="Columns and views").click()
    page.locator("summary", has_text="Columns and views").click()
    page.get_by_role("button", name="Delete the view All of it").click()
    expect(page.get_by_text("The view is deleted.")).to_be_visible()
    assert [row.name for row in SavedView.objects.all()] == [""]


def test_acts_on_invitations_are_offered_once_one_is_chosen(studio: Studio, visit: Visit) -> None:
    invite_member(
        account=studio.account,
        email="new@acme.example",
        role=Role.MEMBER,
        department=None,
        name="",
        at=now(),
        actor=Actor(user=studio.owner.user),
    )
    page = visit(studio.owner)
    page.goto(f"/a/{studio.account.slug}/seats/")
    bar = page.locator("[data-bulk-bar]")
    page.get_by_role("checkbox", name=f"Choose {studio.owner.user.name}").check()
    expect(bar.get_by_role("button", name="Release seats")).to_be_visible()
    expect(bar.get_by_role("button", name="Withdraw invitations")).to_be_hidden()
    expect(bar.get_by_role("button", name="Send invitations again")).to_be_hidden()
    page.get_by_role("checkbox", name="Choose new@acme.example").check()
    expect(bar.get_by_role("button", name="Withdraw invitations")).to_be_visible()
    expect(bar.get_by_role("button", name="Send invitations again")).to_be_visible()
