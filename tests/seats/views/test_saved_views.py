"""Columns of the seats table and views of it: each person's own, remembered, and without a script."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Membership, Role
from seats.insight.saved_views import COLUMNS, MOST, USUAL
from seats.models import SavedView, UsageSettings
from tests.conftest import join
from tests.factories.seats import crowd

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]
URL = "/a/acme/seats/"
COLUMNS_URL, VIEWS = f"{URL}columns/", f"{URL}views/"


@pytest.fixture
def browser(owner: Membership, client_of: SignIn) -> Client:
    return client_of(owner)


def shown(browser: Client, query: str = "") -> list[str]:
    """The heads of the table after the person's name."""
    answer = browser.get(f"{URL}{query}")
    assert answer.status_code == 200
    heads = answer.text.split("<thead>")[1].split("</thead>")[0]
    return [key for key, label in COLUMNS.items() if f">{label}<" in heads]


def test_columns_are_remembered_for_the_person_alone(
    account: Account, owner: Membership, browser: Client, admin_member: Membership, client_of: SignIn
) -> None:
    Membership.objects.filter(pk=owner.pk).update(title="Head of all", level="executive", manager=admin_member)
    assert shown(browser) == list(USUAL)
    form = {"column": ["title", "state", "level", "manager", "nonsense"], "show": "none", "q": "oli", "sort": "-name"}
    answer = browser.post(COLUMNS_URL, form)
    assert answer["Location"] == f"{URL}?show=none&q=oli&sort=-name"
    assert shown(browser) == ["state", "title", "level", "manager"]
    text = browser.get(URL).text
    assert "Head of all" in text
    assert '<span class="clip">Adam</span>' in text
    assert '<input type="checkbox" name="column" value="title" checked>' in text
    assert '<input type="checkbox" name="column" value="use">' in text
    assert shown(client_of(admin_member)) == list(USUAL)
    browser.post(COLUMNS_URL, {})
    assert shown(browser) == []
    browser.post(COLUMNS_URL, {"column": list(COLUMNS)})
    assert shown(browser) == list(COLUMNS)
    assert "seats-wide" in browser.get(URL).text
    assert SavedView.objects.count() == 1


def test_a_view_keeps_filter_search_order_and_columns(
    account: Account, owner: Membership, browser: Client, now: datetime
) -> None:
    crowd(account, 3, now)
    form = {"name": "  Sales,   idle ", "show": "none", "q": "person", "sort": "-since", "column": ["state", "region"]}
    answer = browser.post(VIEWS, form, follow=True)
    view = SavedView.objects.get()
    assert (view.name, view.show, view.text, view.sort) == ("Sales, idle", "none", "person", "-since")
    address = f"show=none&q=person&sort=-since&view={view.public_id}"
    assert answer.redirect_chain[-1][0] == f"{URL}?{address}"
    assert "The view “Sales, idle” is saved." in answer.text
    assert shown(browser, f"?{address}") == ["state", "region"]
    assert shown(browser) == list(USUAL)
    page = browser.get(URL).text
    assert f'href="?{address.replace("&", "&amp;")}">Sales, idle</a>' in page
    assert 'aria-current="true">Sales, idle</a>' in browser.get(f"{URL}?{address}").text
    # Other filters and pages keep the view's columns.
    assert f"view={view.public_id}" in browser.get(f"{URL}?{address}").context["chips"][0]["url"]
    # The same name replaces it.
    browser.post(VIEWS, {**form, "name": "Sales, idle", "sort": "name"})
    view.refresh_from_db()
    assert (SavedView.objects.count(), view.sort) == (1, "name")


def test_what_makes_no_sense_is_refused_or_left_out(browser: Client, owner: Membership) -> None:
    answer = browser.post(VIEWS, {"name": " \x00 "})
    assert (answer.status_code, "Give the view a name." in answer.text) == (422, True)
    assert not SavedView.objects.exists()
    browser.post(VIEWS, {"name": "x" * 150, "show": "king", "sort": "shoe", "column": ["shoe", "state"]})
    view = SavedView.objects.get()
    assert (view.name, view.show, view.sort, view.columns) == ("x" * 60, "all", "name", ["state"])
    for number in range(1, MOST):
        assert browser.post(VIEWS, {"name": f"View {number}"}).status_code == 302
    answer = browser.post(VIEWS, {"name": "One more"})
    assert (answer.status_code, SavedView.objects.count()) == (422, MOST)
    assert browser.post(VIEWS, {"name": "View 1", "column": ["since"]}).status_code == 302
    assert SavedView.objects.get(name="View 1").columns == ["since"]
    assert shown(browser, "?view=unknown") == list(USUAL)


def test_a_view_is_deleted_by_its_own_person_only(
    account: Account, browser: Client, owner: Membership, outsider: Membership, now: datetime, client_of: SignIn
) -> None:
    browser.post(VIEWS, {"name": "Mine", "show": "none"})
    view = SavedView.objects.get()
    vera = client_of(join(account, "Vera", Role.TEAM_MANAGER, now))
    assert "Mine" not in vera.get(URL).text
    assert shown(vera, f"?view={view.public_id}") == list(USUAL)
    assert vera.post(f"{VIEWS}{view.public_id}/delete/").status_code == 404
    theirs = f"/a/{outsider.account.slug}/seats/views/{view.public_id}/delete/"
    assert client_of(outsider).post(theirs).status_code == 404
    assert SavedView.objects.get() == view
    answer = browser.post(f"{VIEWS}{view.public_id}/delete/", {"show": "none"}, follow=True)
    assert "The view is deleted." in answer.text
    assert answer.redirect_chain[-1][0] == f"{URL}?show=none"
    assert not SavedView.objects.exists()
    assert "Mine" not in browser.get(URL).text
    # The columns of the table are no view.
    browser.post(COLUMNS_URL, {"column": ["state"]})
    assert browser.post(f"{VIEWS}{SavedView.objects.get().public_id}/delete/").status_code == 404
    assert shown(browser) == ["state"]


def test_privacy_mode_hides_columns_of_use(account: Account, browser: Client, owner: Membership) -> None:
    browser.post(VIEWS, {"name": "Use", "show": "idle", "sort": "active", "column": ["active", "use", "state"]})
    view = SavedView.objects.get()
    UsageSettings.objects.create(account=account, groups_only=True)
    assert shown(browser, f"?show=idle&sort=active&view={view.public_id}") == ["state"]
    assert 'value="use"' not in browser.get(URL).text


def test_the_managers_cost_no_statement_each(
    account: Account, owner: Membership, browser: Client, now: datetime
) -> None:
    browser.post(COLUMNS_URL, {"column": list(COLUMNS)})
    people = crowd(account, 20, now)
    counts = []
    for managed in (people[:1], people):
        Membership.objects.filter(pk__in=[one.pk for one in managed]).update(manager=owner)
        browser.get(URL)
        with CaptureQueriesContext(connection) as seen:
            browser.get(URL)
        counts.append(len(seen))
    assert counts[0] == counts[1]
