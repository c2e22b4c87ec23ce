"""F37: something moves the price between quote and charge. It is seen, told, and put right; never silent."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from billing.changes.buy_quote import buy_quote
from billing.models import Incident, QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from tests.conftest import Funded
from tests.seatportal.test_staff import staff_user

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def staff(db: None) -> Client:
    """Stella, signed in with a second factor."""
    client = Client()
    client.force_login(staff_user(), backend=BACKEND)
    return client


def buy_after(funded: Funded, now: datetime, tamper: str) -> QuantityChange:
    """A quote for two seats, then something moves at Stripe, then the click."""
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    v1 = funded.desk.client.v1
    if tamper == "credit":
        v1.customers.balance_transactions.create(funded.customer.stripe_id, {"amount": -3000, "currency": "usd"})
    elif tamper == "debt":
        v1.customers.balance_transactions.create(funded.customer.stripe_id, {"amount": 700, "currency": "usd"})
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)


def test_as_promised_opens_nothing(funded: Funded, now: datetime) -> None:
    change = buy_after(funded, now, "nothing")

    assert (change.state, change.charged_total, change.charged_due, change.error_code) == ("applied", 8000, 8000, "")
    assert not Incident.objects.exists()


def test_more_leaves_the_card_than_was_quoted(funded: Funded, now: datetime) -> None:
    """An old debt was put on the customer's balance: the total is as promised, what leaves the card is not."""
    change = buy_after(funded, now, "debt")

    incident = Incident.objects.get()
    assert change.state == "applied"
    assert (incident.kind, incident.gravity, incident.state) == ("charge_differs", "high", "open")
    assert (incident.change_id, incident.account_id) == (change.pk, funded.account.pk)
    assert [(d["what"], d["quoted"], d["charged"]) for d in incident.differences] == [("amount_due", 8000, 8700)]
    assert (incident.difference, incident.creditable) == (0, 0)


def test_less_leaves_the_card_than_was_quoted(funded: Funded, now: datetime) -> None:
    buy_after(funded, now, "credit")

    incident = Incident.objects.get()
    assert (incident.gravity, incident.state) == ("low", "open")
    assert [(d["what"], d["quoted"], d["charged"]) for d in incident.differences] == [("amount_due", 8000, 5000)]


def test_the_receipt_says_that_both_are_equal_or_what_is_done(funded: Funded, now: datetime, client_of: object) -> None:
    client = client_of(funded.owner)  # type: ignore[operator]
    change = buy_after(funded, now, "nothing")
    url = reverse("seats:purchase", args=[funded.account.slug, change.public_id])
    text = " ".join(client.get(url).content.decode().split())
    assert "Quoted $80.00, charged $80.00" in text
    assert "Same amount" in text

    incident = Incident.objects.create(
        account=funded.account,
        subscription=funded.subscription,
        change=change,
        kind="charge_differs",
        currency="usd",
        quoted=8000,
        charged=9000,
        difference=1000,
    )
    text = " ".join(client.get(url).content.decode().split())
    assert "Same amount" not in text
    assert "That is $10.00 too much. Our team was told at once" in text

    incident.state = "resolved"
    incident.save()
    assert "has looked at the difference and closed it" in client.get(url).content.decode()


def test_staff_take_it_on_and_resolve_it_with_a_reason(funded: Funded, now: datetime, staff: Client) -> None:
    buy_after(funded, now, "debt")
    incident = Incident.objects.get()
    page = reverse("admin:billing_incident_change", args=[incident.pk])
    acknowledge, resolve = (
        reverse("admin:billing_incident_act", args=[incident.pk, name]) for name in ("acknowledge", "resolve")
    )

    assert "amount_due" in staff.get(page).content.decode()
    assert staff.post(resolve, {"reason": ""}).status_code == 200
    incident.refresh_from_db()
    assert incident.state == "open"

    assert staff.post(acknowledge, {"reason": "Looking"}).status_code == 302
    assert staff.post(resolve, {"reason": "The debt was agreed"}).status_code == 302
    incident.refresh_from_db()
    assert (incident.state, incident.note) == ("resolved", "The debt was agreed")
    assert incident.handled_by is not None
    assert incident.handled_by.email == "stella@vendor.example"
    assert list(
        AuditEntry.objects.filter(action__startswith="incident.").order_by("pk").values_list("action", "summary")
    ) == [("incident.acknowledged", "Looking"), ("incident.resolved", "The debt was agreed")]

    staff.post(resolve, {"reason": "Again"})
    incident.refresh_from_db()
    assert incident.note == "The debt was agreed"


def test_who_may_only_look_does_not_act(funded: Funded, now: datetime) -> None:
    from django.contrib.auth.models import Permission

    buy_after(funded, now, "debt")
    incident = Incident.objects.get()
    user = staff_user()
    user.is_superuser = False
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="view_incident"))
    client = Client()
    client.force_login(user, backend=BACKEND)
    page = reverse("admin:billing_incident_change", args=[incident.pk])
    url = reverse("admin:billing_incident_act", args=[incident.pk, "resolve"])

    assert client.get(page).status_code == 200
    assert url not in client.get(page).content.decode()
    assert client.post(url, {"reason": "Mine"}).status_code == 302
    incident.refresh_from_db()
    assert incident.state == "open"
