"""The same jobs by keyboard alone, without a script, and on a narrow phone."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from seatportal.kit import clock
from seats.holders.queries import seat_counts
from seats.models import Assignment
from tests.browser.conftest import Visit
from tests.browser.demo import Studio
from tests.browser.test_barriers import MAIN_PAGES

pytestmark = pytest.mark.django_db(transaction=True)


def email_of(studio: Studio, key: str) -> str:
    return studio.firm.people[key].user.email


def holds_a_seat(studio: Studio, key: str) -> bool:
    return Assignment.objects.filter(membership=studio.firm.people[key], ended_at__isnull=True).exists()


# The ring is drawn at the element itself, or around the box of which it is a part.
RING = """() => {
  const it = document.activeElement;
  const drawn = (part) => part && getComputedStyle(part).outlineStyle !== "none";
  return it === document.body || drawn(it) || drawn(it.parentElement);
}"""


def tab_to(page: Page, goal: Locator) -> None:
    """Press Tab until `goal` has the focus, which must be seen at every stop."""
    for _ in range(60):
        page.keyboard.press("Tab")
        visible = page.evaluate(RING)
        assert visible, page.evaluate("document.activeElement.outerHTML")
        if goal.evaluate("it => it === document.activeElement"):
            return
    raise AssertionError(f"Tab never reached {goal}")


def follow(page: Page, goal: Locator) -> None:
    """Go to a link or button by Tab and press Enter, which opens a page."""
    tab_to(page, goal)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_click_before_the_page_listens_is_not_lost(studio: Studio, visit: Visit) -> None:
    """The buttons wait for htmx: a number raised without its price would stand beside the price of another."""
    page = visit(studio.owner)
    held: list[Route] = []
    page.route("**/htmx*.js", lambda route: held.append(route))
    page.goto(f"/a/{studio.account.slug}/seats/add/", wait_until="commit")
    more = page.get_by_role("button", name="One more")
    expect(more).to_be_disabled()
    expect(page.get_by_label("Seats to add")).to_have_value("1")

    held[0].continue_()
    more.click()

    expect(page.get_by_role("button", name="Pay $40.00 and add 2 seats")).to_be_enabled()


def test_buy_and_give_by_keyboard_alone(studio: Studio, visit: Visit) -> None:
    page = visit(studio.owner)
    page.goto(f"/a/{studio.account.slug}/")
    follow(page, page.get_by_role("link", name="Add seats"))
    number = page.get_by_label("Seats to add")
    tab_to(page, number)
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Pay $40.00 and add 2 seats")).to_be_enabled()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pay $40.00 and add 2 seats")).to_be_enabled()
    assert seat_counts(studio.account, clock.now()).purchased == 10

    follow(page, page.get_by_role("button", name="Pay $40.00 and add 2 seats"))
    expect(page.get_by_role("heading", name="2 seats added")).to_be_visible()
    assert seat_counts(studio.account, clock.now()).purchased == 12

    follow(page, page.get_by_role("link", name="Assign 3 seats"))
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("wen")
    expect(page.get_by_role("row")).to_have_count(2)
    row = page.get_by_role("row", name="Wen Zhao")
    tab_to(page, row.locator("summary"))
    page.keyboard.press("Enter")
    follow(page, row.get_by_role("link", name="Give a seat"))
    expect(page.get_by_label("Name or e-mail address")).to_have_value(email_of(studio, "wen"))
    follow(page, page.get_by_role("button", name="Give a seat"))
    expect(page.get_by_text("Wen Zhao has a seat now.")).to_be_visible()
    assert holds_a_seat(studio, "wen")


def test_buy_give_move_and_release_without_a_script(studio: Studio, visit: Visit) -> None:
    page = visit(studio.owner, js=False)
    home = f"/a/{studio.account.slug}/"
    page.goto(home)
    page.get_by_role("link", name="Add seats").click()
    page.get_by_label("Seats to add").fill("2")
    page.locator("#how-many").get_by_role("button", name="Show the price").last.click()
    page.get_by_role("button", name="Pay $40.00 and add 2 seats").click()
    expect(page.get_by_role("heading", name="2 seats added")).to_be_visible()
    assert seat_counts(studio.account, clock.now()).purchased == 12

    page.goto(f"{home}seats/assign/")
    page.get_by_label("Name or e-mail address").fill(email_of(studio, "wen"))
    page.get_by_role("button", name="Give a seat").click()
    expect(page.get_by_text("Wen Zhao has a seat now.")).to_be_visible()
    assert holds_a_seat(studio, "wen")

    row = page.get_by_role("row").filter(has_text="Wen Zhao")
    row.locator("summary").click()
    row.get_by_role("link", name="Reassign seat").click()
    page.get_by_label("Name or e-mail address").fill(email_of(studio, "liam"))
    page.get_by_role("button", name="Move the seat").click()
    expect(page.get_by_text("Liam Gallagher-Byrne has the seat of Wen Zhao now.")).to_be_visible()
    assert (holds_a_seat(studio, "wen"), holds_a_seat(studio, "liam")) == (False, True)

    row = page.get_by_role("row").filter(has_text="Liam Gallagher-Byrne")
    row.locator("summary").click()
    row.get_by_role("link", name="Release seat").click()
    page.get_by_role("button", name="Release seat").click()
    expect(page.get_by_text("12 purchased · 9 assigned · 0 reserved · 3 free")).to_be_visible()
    assert not holds_a_seat(studio, "liam")


MORE_PAGES = ("plan/", "plan/card/", "me/", "settings/", "settings/people/", "settings/limit/", "settings/audit/")


def test_at_320_pixels_nothing_scrolls_sideways_and_buying_works(studio: Studio, visit: Visit) -> None:
    page = visit(studio.owner, width=320, height=640)
    home = f"/a/{studio.account.slug}/"
    too_wide = []
    for path in (*MAIN_PAGES, *MORE_PAGES):
        page.goto(home + path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > 320:
            too_wide.append(f"{path or 'overview'}: {wide}")
    assert too_wide == []

    page.goto(home)
    page.get_by_role("link", name="Add seats").click()
    page.get_by_role("button", name="+2").click()
    page.get_by_role("button", name="Pay $40.00 and add 2 seats").click()
    expect(page.get_by_role("heading", name="2 seats added")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/seats/purchases/chg_"))
    assert seat_counts(studio.account, clock.now()).purchased == 12
