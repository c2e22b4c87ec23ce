"""The main job as a customer's admin does it: see, buy, give, move, remove, reduce, and change one's mind."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Invitation
from billing.models import QuantityChange, ScheduledDecrease
from seatportal.kit import clock
from seats.holders.queries import seat_counts
from seats.models import Assignment, LedgerEntry
from tests.browser.conftest import Visit
from tests.browser.demo import Studio
from tests.conftest import PASSWORD
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_main_job_from_the_sign_in_to_the_reduction(studio: Studio, visit: Visit) -> None:
    studio.owner.user.set_password(PASSWORD)
    studio.owner.user.save()
    page = visit()

    _sign_in(page, studio)
    _buy_two_seats(page, studio)
    _give_one_to_a_colleague(page, studio)
    _give_one_to_a_new_address(page, studio)
    _move_a_seat(page, studio)
    _remove_one(page, studio)
    _reduce_and_undo(page, studio)

    assert broken_invariants(studio.desk) == []


def holders(studio: Studio) -> set[str]:
    """The addresses of those who have a seat."""
    seats = Assignment.objects.filter(account=studio.account, ended_at__isnull=True, membership__isnull=False)
    return set(seats.values_list("membership__user__email", flat=True))


def email_of(studio: Studio, key: str) -> str:
    return studio.firm.people[key].user.email


def _sign_in(page: Page, studio: Studio) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    page.get_by_label("Email").fill(studio.owner.user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("8 of 10 seats active, 1 free")).to_be_visible()


def _buy_two_seats(page: Page, studio: Studio) -> None:
    page.get_by_role("link", name="Add seats").click()
    page.get_by_role("button", name="One more").click()
    price = page.get_by_role("region", name="Price")
    expect(price.get_by_role("term").first).to_contain_text("2 seats15 of 30 days, until ")
    expect(price.get_by_role("status")).to_contain_text("Due now $40.00. Next invoice $580.00 on ")
    expect(price).to_contain_text("Visa •••• 4242")
    expect(page.locator("#total")).to_have_text("New total 12, today 10")
    expect(page).to_have_url(f"/a/{studio.account.slug}/seats/add/?add=2")
    pay = page.get_by_role("button", name="Pay $40.00 and add 2 seats")
    expect(pay).to_be_enabled()

    pay.click()

    expect(page.get_by_role("heading", name="2 seats added")).to_be_visible()
    done = page.get_by_role("main")
    expect(done).to_contain_text("$40.00 charged to Visa •••• 4242. You have 12 seats now.")
    expect(done).to_contain_text("Quoted $40.00, charged $40.00")
    change = QuantityChange.objects.filter(account=studio.account).latest("pk")
    assert (change.state, change.added, change.charged_due, change.quoted_due) == ("applied", 2, 4000, 4000)
    counts = seat_counts(studio.account, clock.now())
    assert (counts.purchased, counts.assigned, counts.free) == (12, 9, 3)
    entry = LedgerEntry.objects.filter(account=studio.account, kind__in=LedgerEntry.PURCHASES).latest("pk")
    assert (entry.purchased_before, entry.purchased_after, entry.actor) == (10, 12, studio.owner.user)


def _give_one_to_a_colleague(page: Page, studio: Studio) -> None:
    page.get_by_role("link", name="Assign 3 seats").click()
    page.get_by_role("link", name="Give a seat").first.click()
    page.get_by_label("Name or e-mail address").fill(email_of(studio, "wen"))
    page.get_by_role("button", name="Give a seat").click()
    expect(page.get_by_role("status").filter(has_text="Wen Zhao has a seat now.")).to_be_visible()
    expect(page.get_by_text("12 purchased · 10 assigned · 0 reserved · 2 free")).to_be_visible()
    assert email_of(studio, "wen") in holders(studio)


def _give_one_to_a_new_address(page: Page, studio: Studio) -> None:
    page.get_by_role("main").get_by_role("link", name="Give a seat").first.click()
    page.get_by_label("Name or e-mail address").fill("ben.new@brightwater.example")
    page.get_by_role("button", name="Give a seat").click()
    expect(page.get_by_text("ben.new@brightwater.example is invited and has a seat held.")).to_be_visible()
    expect(page.get_by_text("12 purchased · 10 assigned · 1 reserved · 1 free")).to_be_visible()
    invitation = Invitation.objects.get(email="ben.new@brightwater.example")
    assert Assignment.objects.get(invitation=invitation).ended_at is None


def _move_a_seat(page: Page, studio: Studio) -> None:
    """Somebody left: their seat goes to somebody new in one act, without a charge."""
    before = QuantityChange.objects.count()
    page.get_by_role("searchbox").fill("grace")
    row = page.get_by_role("row").filter(has_text="Grace Whitfield")
    expect(page.get_by_role("row")).to_have_count(2)
    row.get_by_label("Actions for Grace Whitfield").click()
    row.get_by_role("link", name="Reassign seat").click()
    expect(page.get_by_text("No charge. The number of seats stays the same.")).to_be_visible()
    page.get_by_label("Name or e-mail address").fill(email_of(studio, "liam"))
    page.get_by_label("Reason").fill("Grace left")
    page.get_by_role("button", name="Move the seat").click()
    expect(page.get_by_text("Liam Gallagher-Byrne has the seat of Grace Whitfield now.")).to_be_visible()
    assert email_of(studio, "liam") in holders(studio)
    assert email_of(studio, "grace") not in holders(studio)
    assert QuantityChange.objects.count() == before


def _remove_one(page: Page, studio: Studio) -> None:
    row = page.get_by_role("row").filter(has_text="Yusuf Demir")
    row.get_by_label("Actions for Yusuf Demir").click()
    row.get_by_role("link", name="Release seat").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Release the seat of Yusuf Demir")).to_be_visible()
    dialog.get_by_role("button", name="Release seat").click()
    expect(page.get_by_text("12 purchased · 9 assigned · 1 reserved · 2 free")).to_be_visible()
    assert email_of(studio, "yusuf") not in holders(studio)


def _reduce_and_undo(page: Page, studio: Studio) -> None:
    page.goto(f"/a/{studio.account.slug}/seats/reduce/")
    page.get_by_label("Seats from the next period on").fill("10")
    remove = page.get_by_role("button", name="Remove 2 seats from the next period on")
    expect(page.get_by_role("region", name="Effect")).to_contain_text("$80.00")
    remove.click()
    expect(page.get_by_text("The reduction is planned.")).to_be_visible()
    expect(page.get_by_text("Planned: 12 to 10 seats on ")).to_be_visible()
    planned = ScheduledDecrease.objects.get(account=studio.account)
    assert (planned.base_quantity, planned.renew_quantity) == (12, 10)
    assert seat_counts(studio.account, clock.now()).purchased == 12

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("The reduction is undone. All seats stay.")).to_be_visible()
    planned.refresh_from_db()
    assert planned.state == ScheduledDecrease.State.WITHDRAWN
