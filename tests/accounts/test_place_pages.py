"""Pages of departments and regions: added, renamed, deleted while nobody is in them."""

from django.test import Client

from accounts.models import Account, AuditEntry, Department, Region
from seatportal.kit.clock import now
from tests.accounts.test_pages import errors, url
from tests.factories.accounts import (
    DepartmentFactory,
    MembershipFactory,
)


def test_places_are_added_renamed_and_deleted(browser: Client, acme: Account) -> None:
    browser.post(url("add_place", "department"), {"department-name": " Sales "})
    browser.post(url("add_place", "region"), {"region-name": "EU"})
    sales, eu = Department.objects.get(), Region.objects.get()

    browser.post(url("rename_place", "department", sales.public_id), {"name": "Sales EU"})
    browser.post(url("delete_place", "region", eu.public_id))

    sales.refresh_from_db()
    assert (sales.account, sales.name) == (acme, "Sales EU")
    assert Region.objects.count() == 0
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == [
        "department.added",
        "region.added",
        "department.renamed",
        "region.deleted",
    ]


def test_a_name_is_given_once(browser: Client, acme: Account) -> None:
    DepartmentFactory.create(account=acme, name="Sales")
    second = DepartmentFactory.create(account=acme, name="Support")
    DepartmentFactory.create(name="Marketing")

    taken = browser.post(url("add_place", "department"), {"department-name": "Sales"})
    renamed = browser.post(url("rename_place", "department", second.public_id), {"name": "Sales"})
    free = browser.post(url("add_place", "department"), {"department-name": "Marketing"})

    assert taken.status_code == 422
    assert "This name exists already." in taken.content.decode()
    assert errors(renamed) == {"name": ["This name exists already. Choose another one."]}
    assert free.status_code == 302
    assert sorted(Department.objects.filter(account=acme).values_list("name", flat=True)) == [
        "Marketing",
        "Sales",
        "Support",
    ]


def test_what_is_in_use_stays(browser: Client, acme: Account) -> None:
    used, left = DepartmentFactory.create(account=acme), DepartmentFactory.create(account=acme)
    MembershipFactory.create(account=acme, department=used)
    former = MembershipFactory.create(account=acme, department=left, left_at=now())

    browser.post(url("delete_place", "department", used.public_id))
    browser.post(url("delete_place", "department", left.public_id))

    former.refresh_from_db()
    assert list(Department.objects.all()) == [used]
    assert former.department is None


def test_an_unknown_kind_is_not_found(browser: Client) -> None:
    assert browser.post(url("add_place", "planet"), {"name": "Mars"}).status_code == 404
