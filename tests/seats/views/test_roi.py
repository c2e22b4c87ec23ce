"""The return on the seats: what they cost comes from Stripe's invoice, what is saved is a version."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from accounts.models import Account, AuditEntry, Membership, Role
from billing.changes.buy_quote import buy_quote
from billing.quotes.quote_quantity import quote_quantity
from seats.holders.assign_seat import assign_seat
from seats.models import RoiVersion
from seats.value.roi import Cost, cost_of
from tests.conftest import Funded, FundMaker, join
from tests.factories.seats import use

HOME = "/a/acme/usage/value/return/"
GIVEN = {"hours": "2.5", "hour_cost": "60.50", "share": "50"}


def text_of(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_the_cost_is_what_stripe_charged_for_this_period(fund: FundMaker, owner: Membership, now: datetime) -> None:
    funded = fund(owner, quantity=12)

    assert cost_of(funded.account) == Cost("usd", 580_00 * 12, "invoice")

    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    # The invoice of the period was for twelve; thirteen are known by the price list only.
    assert cost_of(funded.account) == Cost("usd", 620_00 * 12, "list")


@pytest.mark.django_db(transaction=True)
def test_a_yearly_price_is_a_year(fund: FundMaker, owner: Membership) -> None:
    funded = fund(owner, interval="year", scheme="flat", currency="eur", quantity=3, unit=510_00)

    assert cost_of(funded.account) == Cost("eur", 1530_00, "invoice")


@pytest.mark.django_db
def test_without_a_subscription_there_is_no_cost(account: Account) -> None:
    assert cost_of(account) == Cost("usd")
    account.locale = "de"
    assert cost_of(account) == Cost("eur")


@pytest.mark.django_db(transaction=True)
def test_assumptions_are_tried_and_saved_as_versions(
    funded: Funded, owner: Membership, now: datetime, client_of: Callable[[Membership], Client]
) -> None:
    assign_seat(account=funded.account, membership=owner, actor=funded.actor, at=now)
    use(owner, now, days=1)
    admin = client_of(owner)
    assert "Nothing to calculate yet" in text_of(admin.get(HOME))

    # 1 × 2.5 h × 52 × $60.50 × 50 % = $3,932.50 beside ten seats at $50.00 a month.
    tried = admin.get(HOME, GIVEN)
    assert (
        "<strong>$3,932.50</strong> a year in hours and cost $6,000.00: a return of <strong>-35 %</strong>"
        in text_of(tried)
    )
    assert "from 3.82 hours per person and week on" in text_of(tried)
    assert not RoiVersion.objects.exists()
    live = admin.get(HOME, GIVEN, headers={"HX-Request": "true", "HX-Target": "result"})
    assert live.content.decode().strip().startswith("<section")
    assert "$3,932.50" in live.content.decode()

    assert admin.post(f"{HOME}save/", GIVEN).status_code == 302
    assert admin.post(f"{HOME}save/", GIVEN).status_code == 302
    row = RoiVersion.objects.get()
    assert (row.hours, row.hour_cost, row.currency, row.share, row.active) == (250, 6050, "usd", 50, 1)
    assert (row.cost, row.cost_source, row.saved_by) == (6000_00, "invoice", owner.user)
    assert admin.post(f"{HOME}save/", {**GIVEN, "share": "100"}).status_code == 302
    assert AuditEntry.objects.filter(action="roi.saved").count() == 2
    page = text_of(admin.get(HOME))
    assert "Saved versions" in page
    assert "$7,865.00" in page
    assert "31 %" in page
    assert "a return of <b>31 %</b>" in text_of(admin.get("/a/acme/usage/value/"))
    assert "a return of <b>31 %</b>" in text_of(admin.get("/a/acme/usage/"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"hours": "-1"}, "hours"),
        ({"hours": ""}, "hours"),
        ({"hour_cost": "1.001"}, "hour_cost"),
        ({"share": "101"}, "share"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field(
    owner: Membership, client_of: Callable[[Membership], Client], typed: dict[str, str], field: str
) -> None:
    answer = client_of(owner).post(f"{HOME}save/", {**GIVEN, **typed})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not RoiVersion.objects.exists()
    tried = client_of(owner).get(HOME, {**GIVEN, **typed})
    assert tried.status_code == 200
    assert "Nothing to calculate yet" in text_of(tried)


@pytest.mark.django_db
def test_viewers_try_and_do_not_save(
    account: Account, now: datetime, client_of: Callable[[Membership], Client]
) -> None:
    viewer = client_of(join(account, "Vera", Role.VIEWER, now))

    assert "Save the assumptions" not in text_of(viewer.get(HOME, GIVEN))
    assert viewer.post(f"{HOME}save/", GIVEN).status_code == 403
    assert not RoiVersion.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_the_seats_cost_is_for_those_who_may_see_invoices(
    funded: Funded, owner: Membership, now: datetime, client_of: Callable[[Membership], Client]
) -> None:
    assign_seat(account=funded.account, membership=owner, actor=funded.actor, at=now)
    use(owner, now, days=1)
    assert client_of(owner).post(f"{HOME}save/", GIVEN).status_code == 302

    viewer = client_of(join(funded.account, "Vera", Role.VIEWER, now))
    for url, data in ((HOME, {}), (HOME, GIVEN), ("/a/acme/usage/", {}), ("/a/acme/usage/value/", {})):
        text = text_of(viewer.get(url, data))
        assert "$3,932.50" in text, url
        assert "6,000.00" not in text, url
        assert "-35 %" not in text, url
        assert "3.82 hours" not in text, url
    assert "Shown to those who may see invoices" in text_of(viewer.get(HOME))
    assert "$6,000.00" in text_of(client_of(join(funded.account, "Bea", Role.BILLING, now)).get(HOME))
