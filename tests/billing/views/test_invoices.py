"""Invoices: newest first, a page by key, and who stands behind one."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership
from billing.changes.buy_quote import buy_quote
from billing.mirror.queries import overdue_invoice
from billing.models import Invoice, ScheduledDecrease
from billing.quotes.quote_quantity import quote_quantity
from billing.views.invoices import PAGE_SIZE
from tests.conftest import Funded

ClientOf = Callable[[Membership], Client]


def at(name: str, account: Account, *more: str) -> str:
    """The address of a page of the account."""
    return reverse(f"billing:{name}", args=[account.slug, *more])


def text_of(response: object) -> str:
    """The page's words on one line."""
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def make_invoice(account: Account, number: int, at: datetime, **fields: object) -> Invoice:
    """An invoice as the mirror would write it."""
    values: dict[str, object] = {
        "account": account,
        "stripe_id": f"in_{account.pk}_{number}",
        "number": f"R-{number:04}",
        "status": "paid",
        "billing_reason": "subscription_cycle",
        "currency": "usd",
        "total": 50_000,
        "amount_due": 50_000,
        "amount_paid": 50_000,
        "issued_at": at,
    }
    return Invoice.objects.create(**(values | fields))


def test_empty(owner: Membership, client_of: ClientOf) -> None:
    page = client_of(owner).get(at("invoices", owner.account))

    assert "The first one comes with the first purchase." in text_of(page)


def test_pages_by_key_show_each_invoice_once(owner: Membership, client_of: ClientOf, now: datetime) -> None:
    account = owner.account
    made = [
        make_invoice(account, n, now - timedelta(days=n // 2)).number for n in range(PAGE_SIZE * 2 + 3)
    ]  # two share each moment
    client = client_of(owner)

    seen, url = [], "?"
    for _ in range(3):
        page = client.get(at("invoices", account) + url)
        rows = [invoice for invoice, _reason, _badge in page.context["rows"]]
        seen += [invoice.number for invoice in rows]
        url = f"?before={rows[-1].public_id}"
    back = client.get(at("invoices", account), {"after": page.context["rows"][0][0].public_id})

    assert len(seen) == len(set(seen)) == len(made)
    assert set(seen) == set(made)
    assert page.context["older"] is None
    assert [i.number for i, _r, _b in back.context["rows"]] == seen[PAGE_SIZE : 2 * PAGE_SIZE]


def test_a_key_of_another_account_shows_ones_own(
    owner: Membership, outsider: Membership, client_of: ClientOf, now: datetime
) -> None:
    make_invoice(owner.account, 1, now)
    theirs = make_invoice(outsider.account, 9, now)
    client = client_of(owner)

    assert "R-0001" in text_of(client.get(at("invoices", owner.account), {"before": theirs.public_id}))
    assert client.get(at("invoice", owner.account, theirs.public_id)).status_code == 404
    assert client_of(outsider).get(at("invoice", owner.account, theirs.public_id)).status_code == 404


def test_drafts_are_not_shown(owner: Membership, client_of: ClientOf, now: datetime) -> None:
    draft = make_invoice(owner.account, 1, now, status="draft")

    assert client_of(owner).get(at("invoice", owner.account, draft.public_id)).status_code == 404


def test_open_renewal_is_a_banner_with_its_way_to_pay(owner: Membership, client_of: ClientOf, now: datetime) -> None:
    make_invoice(owner.account, 1, now, status="open", amount_remaining=58_000, hosted_url="https://pay.example/in_1")

    text = text_of(client_of(owner).get(at("invoices", owner.account)))

    assert "An invoice over $580.00 is not paid" in text
    assert 'href="https://pay.example/in_1"' in text


@pytest.mark.parametrize(("days", "late"), [(-1, True), (5, False)])
def test_an_invoice_with_a_due_day_is_late_only_after_it(
    account: Account, now: datetime, days: int, late: bool
) -> None:
    make_invoice(account, 1, now, status="open", amount_remaining=100, due_at=now + timedelta(days=days))

    assert (overdue_invoice(account) is not None) is late


@pytest.mark.django_db(transaction=True)
def test_invoice_of_a_purchase_says_who_bought_what(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now, reason="PO 17")
    invoice = Invoice.objects.get(stripe_id=change.invoice_stripe_id)

    text = text_of(client_of(funded.owner).get(at("invoice", funded.account, invoice.public_id)))

    assert "Olivia ordered 2 seats on " in text
    assert "10 to 12 seats. Quoted $80.00, charged $80.00." in text
    assert "PO 17" in text
    assert "−$500.00" in text
    assert "$580.00" in text
    assert "Seats changed" in text


@pytest.mark.django_db(transaction=True)
def test_renewal_after_a_reduction_says_who_reduced(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    ScheduledDecrease.objects.create(
        account=funded.account,
        subscription=funded.subscription,
        user=funded.owner.user,
        base_quantity=12,
        renew_quantity=10,
        effective_at=now,
        state="done",
        closed_at=now,
    )
    renewal = make_invoice(funded.account, 7, now + timedelta(minutes=1), subscription=funded.subscription)
    later = make_invoice(funded.account, 8, now + timedelta(days=30), subscription=funded.subscription)
    client = client_of(funded.owner)

    text = text_of(client.get(at("invoice", funded.account, renewal.public_id)))
    assert "Olivia reduced 12 to 10 seats from this period on." in text
    assert "Olivia reduced" not in text_of(client.get(at("invoice", funded.account, later.public_id)))
