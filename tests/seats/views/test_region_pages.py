"""Seats by region in a browser: the page that sets them, the overview, and what a full region says."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from accounts.members.structure import add_place
from accounts.models import Account, AuditEntry, Invitation, Membership, Region, Role
from seats.models import Assignment, RegionPool
from tests.conftest import join
from tests.factories.seats import SYSTEM, give_pool, seat

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def browser(owner: Membership, client_of: SignIn) -> Client:
    return client_of(owner)


@pytest.fixture
def url(account: Account) -> str:
    return f"/a/{account.slug}/"


@pytest.fixture
def europe(account: Account, now: datetime) -> Region:
    """EU, with one seat of six taken by Eva."""
    give_pool(account, 6, now)
    add_place(account=account, kind="region", name="EU", actor=SYSTEM, at=now)
    region = Region.objects.get(account=account)
    eva = join(account, "Eva", Role.MEMBER, now)
    Membership.objects.filter(pk=eva.pk).update(region=region)
    seat(eva, now)
    return region


def test_without_regions_the_page_says_where_to_begin(browser: Client, url: str) -> None:
    text = browser.get(f"{url}settings/limit/regions/").text
    assert "There are no regions yet" in text
    assert f"{url}settings/structure/" in text


def test_an_admin_sets_a_number_and_takes_it_back(browser: Client, url: str, europe: Region) -> None:
    page = f"{url}settings/limit/regions/"
    assert browser.post(page, {europe.public_id: "2", "reason": "Contract"}).status_code == 302

    pool = RegionPool.objects.get()
    assert (pool.region, pool.seats, pool.assigned) == (europe, 2, 1)
    assert AuditEntry.objects.get(action="regions.split").summary == "Contract"
    text = browser.get(page).text
    assert "2 of 6 seats set aside for regions" in text
    assert "4 seats that no region has" in text
    overview = browser.get(url).text
    assert "1 of 2" in overview
    assert "0 of 4" in overview
    assert "Everybody else" in overview
    browser.post(page, {europe.public_id: "", "reason": ""})
    assert not RegionPool.objects.exists()
    assert "Everybody else" not in browser.get(url).text


@pytest.mark.parametrize(("number", "field"), [("7", None), ("0", "id"), ("two", "id")])
def test_what_cannot_be_is_said(browser: Client, url: str, europe: Region, number: str, field: str | None) -> None:
    answer = browser.post(f"{url}settings/limit/regions/", {europe.public_id: number})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [europe.public_id if field else "__all__"]
    assert not RegionPool.objects.exists()


def test_a_full_region_at_the_pages(
    browser: Client, url: str, account: Account, europe: Region, member: Membership, now: datetime
) -> None:
    browser.post(f"{url}settings/limit/regions/", {europe.public_id: "1"})
    Membership.objects.filter(pk=member.pk).update(region=europe)
    nora = seat(join(account, "Nora", Role.MEMBER, now), now)
    held = Assignment.objects.filter(ended_at__isnull=True).count()

    given = browser.post(f"{url}seats/assign/", {"person": member.user.email})
    invited = browser.post(f"{url}seats/assign/", {"person": "new@acme.example", "region": europe.pk})
    moved = browser.post(f"{url}seats/{nora.public_id}/reassign/", {"to": member.user.email})
    many = browser.post(f"{url}seats/bulk/", {"action": "assign", "person": member.public_id, "confirmed": "yes"})

    for answer in (given, invited, moved, many):
        assert answer.status_code == 409
        assert "The seat of the region EU is in use." in answer.text
    assert f"{url}settings/limit/regions/" in given.text
    assert "Add 1 seat" not in given.text
    assert Assignment.objects.filter(ended_at__isnull=True).count() == held
    assert not Invitation.objects.exists()
    assert nora.membership is not None
    answer = browser.post(
        f"{url}settings/people/{nora.membership.public_id}/details/",
        {"region": europe.public_id, "employment": "employee"},
    )
    assert (answer.status_code, "The seat of the region EU is in use." in answer.text) == (409, True)
    nora.membership.refresh_from_db()
    assert nora.membership.region is None


def test_what_is_noted_of_a_region(browser: Client, url: str, europe: Region) -> None:
    page = f"{url}settings/structure/region/{europe.public_id}/"
    assert "Data residency" in browser.get(page).text
    wanted = {"name": "EU", "currency": "EUR", "tax_entity": "Acme GmbH", "residency": "EU"}

    assert browser.post(page, wanted).status_code == 302

    europe.refresh_from_db()
    assert (europe.currency, europe.tax_entity, europe.residency) == ("eur", "Acme GmbH", "EU")
    assert "EUR · Acme GmbH · data stays in EU" in browser.get(f"{url}settings/limit/regions/").text
    refused = browser.post(page, {**wanted, "currency": "EURO"})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["currency"])
    unknown = browser.post(page, {**wanted, "name": "Europe", "currency": "ABC"})
    assert (unknown.status_code, list(unknown.context["form"].errors)) == (422, ["currency"])
    europe.refresh_from_db()
    assert (europe.name, europe.currency) == ("EU", "eur")


def test_who_may_not_set_the_limit_sees_no_page(
    account: Account, url: str, europe: Region, client_of: SignIn, now: datetime
) -> None:
    manager = client_of(join(account, "Tina", Role.TEAM_MANAGER, now))

    assert manager.get(f"{url}settings/limit/regions/").status_code == 403
    assert manager.post(f"{url}settings/limit/regions/", {europe.public_id: "2"}).status_code == 403
    assert not RegionPool.objects.exists()
