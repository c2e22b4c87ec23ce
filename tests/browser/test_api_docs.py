"""The API's page works under the strict policy: it draws every operation and asks nobody else for anything."""

import pytest
from drf_spectacular.generators import SchemaGenerator
from playwright.sync_api import expect

from accounts.models import Membership
from tests.browser.conftest import Visit


@pytest.mark.django_db(transaction=True)
def test_the_description_is_drawn_and_can_be_tried(visit: Visit, owner: Membership) -> None:
    page = visit(owner)
    described = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    operations = sum(len({"get", "post", "put", "patch", "delete"} & set(path)) for path in described["paths"].values())
    assert operations > 90

    page.goto("/api/docs/")
    # What is clicked while the page is still drawn may be drawn anew under the hand.
    expect(page.locator(".opblock")).to_have_count(operations + len(described["webhooks"]), timeout=60_000)
    page.locator("#operations-seats-getSeats").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()

    page.locator(".live-responses-table .response-col_status").first.wait_for()
    assert page.locator("tr.response .response-col_status").first.inner_text() == "200"
