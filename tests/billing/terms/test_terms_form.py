"""Staff type the credit limit as money of the subscription's currency; minor units are kept."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership
from billing.models import Terms
from tests.conftest import FundMaker
from tests.seatportal.test_staff import staff_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(staff_user(), backend="django.contrib.auth.backends.ModelBackend")
    return client


def values_of(page: Any) -> dict[str, Any]:
    """The form as a browser would send it back."""
    form = page.context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    for name in ("valid_until", "committed_until"):
        values.pop(name)
        values |= {f"{name}_0": "", f"{name}_1": ""}
    values = {name: value for name, value in values.items() if value is not None and value is not False}
    return values | {"reason": "Agreed"}


@pytest.mark.parametrize(
    ("currency", "typed", "kept", "shown"),
    [
        ("usd", "5000", 500_000, "5000.00"),
        ("usd", "5000.5", 500_050, "5000.50"),
        ("jpy", "500000", 500_000, "500000"),
        ("usd", "0", 0, "0.00"),
        ("usd", "", None, None),
    ],
)
def test_it_is_typed_in_whole_units(
    owner: Membership,
    fund: FundMaker,
    staff: Client,
    now: datetime,
    currency: str,
    typed: str,
    kept: int | None,
    shown: str | None,
) -> None:
    fund(owner, currency=currency)
    add = reverse("admin:billing_terms_add")
    values = values_of(staff.get(add)) | {"account": owner.account_id, "credit_limit": typed}

    assert staff.post(add, values).status_code == 302

    terms = Terms.objects.get(account=owner.account)
    assert terms.credit_limit == kept
    page = staff.get(reverse("admin:billing_terms_change", args=[terms.pk]))
    value = page.context["adminform"].form["credit_limit"].value()
    assert (None if value is None else str(value)) == shown
    # Sent back as it is shown, nothing moves.
    staff.post(reverse("admin:billing_terms_change", args=[terms.pk]), values_of(page))
    assert Terms.objects.get().credit_limit == kept
    if kept:
        listed = staff.get(reverse("admin:billing_terms_changelist")).content.decode()
        assert {"usd": f"${kept / 100:,.2f}", "jpy": "¥500,000"}[currency] in listed


@pytest.mark.parametrize(
    ("currency", "typed", "words"),
    [
        ("jpy", "1.5", "JPY has 0 decimals."),
        ("usd", "1.005", "USD has 2 decimals."),
        ("usd", "-1", "greater than or equal to 0"),
        ("usd", "much", "Enter a number."),
    ],
)
def test_what_is_no_amount_is_refused_in_its_field(
    owner: Membership, fund: FundMaker, staff: Client, currency: str, typed: str, words: str
) -> None:
    fund(owner, currency=currency)
    add = reverse("admin:billing_terms_add")

    page = staff.post(add, values_of(staff.get(add)) | {"account": owner.account_id, "credit_limit": typed})

    assert page.status_code == 200
    assert words in str(page.context["adminform"].form.errors["credit_limit"])
    assert not Terms.objects.filter(credit_limit__isnull=False).exists()
    assert not AuditEntry.objects.filter(action="terms.set").exists()


def test_without_a_subscription_there_is_no_currency(owner: Membership, staff: Client) -> None:
    add = reverse("admin:billing_terms_add")

    page = staff.post(add, values_of(staff.get(add)) | {"account": owner.account_id, "credit_limit": "100"})

    assert "no subscription yet" in str(page.context["adminform"].form.errors["credit_limit"])
    assert not Terms.objects.exists()
