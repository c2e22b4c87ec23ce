"""The API's page works under the strict policy: it draws every operation and asks nobody else for anything."""

import pytest
from drf_spectacular.generators import SchemaGenerator

from accounts.models import Membership
from tests.browser.conftest import Visit


@pytest.mark.django_db(transaction=True)
def test_the_description_is_drawn_and_can_be_tried(visit: Visit, owner: Membership) -> None:
    page = visit(owner)
    described = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    operations = sum(len({"get", "post", "put", "patch", "delete"} & set(path)) for path in described["paths"].values())
    assert operations > 90

    page.goto("/api/docs/")
    # Of so many, only those around what one looks at are drawn.
    page.locator(".opblock").first.wait_for()
    seen: set[str] = set()
    for _ in range(200):
        seen |= set(page.locator(".opblock").evaluate_all("found => found.map(one => one.id)"))
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(50)
    assert len(seen) == operations + len(described["webhooks"])
    page.goto("/api/docs/?again#/seats/getSeats")
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()

    page.locator(".live-responses-table .response-col_status").first.wait_for()
    assert page.locator("tr.response .response-col_status").first.inner_text() == "200"
