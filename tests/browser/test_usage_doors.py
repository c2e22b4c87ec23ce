"""A shared sign-in becomes seats, and a file becomes usage, in a real browser."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from accounts.models import Membership
from seats.models import UsageImport
from seats.sharing.find_sharing import find_sharing
from seats.usage.event import Place
from seats.usage.import_file import work_import
from seats.usage.ingest_events import ingest_events
from tests.browser.conftest import Visit
from tests.browser.demo import Studio
from tests.browser.test_barriers import axe_may_measure, barriers
from tests.factories.usage import event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("axe_may_measure")]
__all__ = ["axe_may_measure"]


def share(person: Membership, at: datetime) -> None:
    """Three people at once, on two days."""
    places = [Place(53.7, -0.3), Place(51.9, 4.5), Place(38.7, -9.1)]
    events = [
        event(
            person.public_id,
            at - timedelta(days=day, minutes=minute + number),
            device=f"device-{number}",
            network=f"198.51.{number}.7",
            place=places[number],
        )
        for day in (1, 2)
        for number in range(3)
        for minute in (0, 15, 30)
    ]
    ingest_events(account=person.account, events=events, at=at)
    assert len(find_sharing(account=person.account, at=at)) == 1


def test_a_shared_sign_in_becomes_seats(studio: Studio, visit: Visit) -> None:
    home, person = f"/a/{studio.account.slug}/", studio.firm.people["priya"]
    share(person, datetime.now(UTC))
    page = visit(person)
    page.goto(f"{home}me/")
    expect(page.get_by_text("Used on 3 devices, at one moment in 3 places at once.")).to_be_visible()
    page.get_by_text("Show what was seen").click()
    assert barriers(page) == []
    page.get_by_role("button", name="I share this sign-in").click()
    expect(page.get_by_role("heading", name="Is this you?")).to_have_count(0)

    page = visit(studio.owner)
    page.goto(f"{home}usage/")
    page.get_by_role("link", name="See the evidence").click()
    page.get_by_text("Show what was seen").click()
    expect(page.get_by_text("Device A, Device B and Device C were in use at once").first).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("link", name="Give them their own seat").click()
    expect(page.get_by_role("button", name="Pay $40.00 and add 2 seats")).to_be_visible()


def test_a_file_becomes_usage(studio: Studio, visit: Visit, tmp_path: Path) -> None:
    page = visit(studio.owner)
    page.goto(f"/a/{studio.account.slug}/usage/")
    page.get_by_role("link", name="Import events").click()
    sample = page.get_by_role("link", name="Download a sample").get_attribute("href")
    assert sample is not None
    file = tmp_path / "events.csv"
    file.write_bytes(page.context.request.get(sample).body() + b"broken\n")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Import events").click()
    expect(page.get_by_text("In progress")).to_be_visible()
    assert barriers(page) == []
    work_import(import_id=UsageImport.objects.get().pk, at=datetime.now(UTC))
    # The page looks again by itself.
    expect(page.get_by_role("heading", name="5 of 5 lines read (100 %)")).to_be_visible()
    expect(page.get_by_role("row", name="The number of fields is 1 here and 10 in the first line.")).to_be_visible()
    assert barriers(page) == []
