"""An order as a document: what was charged as the mirror has it, in the account's language, as page and as PDF."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.models import Account, Membership, Role
from billing.changes.buy_quote import buy_quote
from billing.changes.undo_change import undo_change
from billing.models import Invoice, QuantityChange, Vendor
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.approvers import Step
from billing.terms.set_buying_policy import set_chain
from seatportal.kit.pdf import sheet_pdf
from seatportal.kit.sheets import Section, Sheet, Table
from seats.documents.order_sheet import order_sheet
from seats.rollout.run_tranches import run_due_tranches
from tests.conftest import Funded, join
from tests.seats.requests.test_purchases import approve, ask
from tests.seats.rollout.steps import scheduled

Browser = Callable[[Membership], Client]


def words_of(data: bytes) -> str:
    """All text of a PDF on one line."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages).split())


def buy(funded: Funded, now: datetime, *, po_number: str = "") -> QuantityChange:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    return buy_quote(
        account=funded.account,
        quote_id=quote.public_id,
        actor=funded.actor,
        at=now,
        reason="Two for support",
        po_number=po_number,
    )


def test_a_pdf_has_every_letter_of_europe_and_as_many_pages_as_it_needs(now: datetime) -> None:
    rows = [(f"Sitz {number}", "1. März 2027", "40,00 €") for number in range(80)]
    sheet = Sheet(
        title="Auftrag für Łódź",
        subtitle="¿Cuántos? – “Größe” ő ş",
        language="de",
        sections=[Section("Zeilen", [("Straße", "Weg 1\n12345 Köln")], Table(("Was", "Wann", "Betrag"), rows))],
        foot="Acme",
    )

    data = sheet_pdf(sheet, at=now)

    text, pages = words_of(data), len(PdfReader(BytesIO(data)).pages)
    assert "Auftrag für Łódź" in text
    assert "¿Cuántos? – “Größe” ő ş" in text
    assert "Weg 1 12345 Köln" in text
    assert all(f"Sitz {number} " in text for number in range(80))
    assert "40,00 €" in text
    assert pages > 1
    assert len(data) < 60_000
    assert sheet_pdf(sheet, at=now) == data


@pytest.mark.django_db(transaction=True)
def test_an_order_is_an_amendment_with_the_mirrors_own_numbers(
    funded: Funded, client_of: Browser, now: datetime
) -> None:
    Vendor.objects.create(name="Seatworks Ltd", address="1 High Street\nLondon", tax_id="GB123456789")
    change = buy(funded, now, po_number="PO-9")
    # So that the test sees whether the document reads the mirror or adds up by itself.
    invoice = Invoice.objects.get(stripe_id=change.invoice_stripe_id)
    line = invoice.lines.first()
    assert line is not None
    line.amount = 12_345
    line.save()
    browser = client_of(funded.owner)
    args = [funded.account.slug, change.public_id]

    page = " ".join(browser.get(reverse("seats:order_document", args=args)).content.decode().split())
    answer = browser.get(reverse("seats:order_pdf", args=args))

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="order-{change.public_id}.pdf"'
    text = words_of(answer.content)
    for wanted in (
        f"Order {change.public_id}",
        "Amendment to the subscription: 12 seats from",
        "Seatworks Ltd",
        "GB123456789",
        "Acme",
        "PO-9",
        "Two for support",
        "Olivia (olivia@acme.example)",
        invoice.number,
        "$123.45",
        "$80.00",
    ):
        assert wanted in text, wanted
        assert wanted.partition(" (")[0] in page, wanted
    assert "Seats before 10 Seats after 12" in text
    assert "Undone" not in text


@pytest.mark.django_db(transaction=True)
def test_it_speaks_the_accounts_language_and_names_who_approved(
    funded: Funded, client_of: Browser, now: datetime
) -> None:
    bea = join(funded.account, "Bea", Role.BILLING, now)
    set_chain(account=funded.account, steps=[Step(1, "owner", frozenset(), 0)], actor=funded.actor, at=now)
    asked = ask(funded, bea, now, po_number="PO-5")
    waiting = reverse("seats:request_document", args=[funded.account.slug, asked.public_id])
    assert client_of(bea).get(waiting)["Location"] == waiting.removesuffix("document/")
    approve(asked, funded.owner, now)
    Account.objects.update(locale="de")
    change = QuantityChange.objects.select_related("account").get()

    sheet = order_sheet(change)

    assert sheet.language == "de"
    table = next(section.table for section in sheet.sections if section.table)
    assert table.totals[-1][1] == "80,00\xa0$"
    said = [value for _name, value in sheet.sections[-1].pairs]
    assert said[0].startswith("Bea, ")
    assert said[0].endswith("\nTwo hires")
    assert said[1].startswith("Olivia, ")
    assert "80,00\xa0$" in said[1]
    text = words_of(client_of(bea).get(waiting.removesuffix("/") + ".pdf").content)
    for wanted in (asked.public_id, "Olivia", "80,00", "PO-5", change.public_id):
        assert wanted in text, wanted


@pytest.mark.django_db(transaction=True)
def test_an_undone_order_says_so_and_an_unpaid_one_has_no_document(
    funded: Funded, client_of: Browser, now: datetime
) -> None:
    change = buy(funded, now)
    undo_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)
    browser = client_of(funded.owner)
    page = browser.get(reverse("seats:order_document", args=[funded.account.slug, change.public_id]))
    assert "<dt>Undone</dt>" in page.content.decode()

    funded.desk.card(funded.customer.stripe_id, "pm_card_authenticationRequired")
    waits = buy(funded, now)
    assert waits.state == "awaiting_payment"
    for name in ("order_document", "order_pdf"):
        assert browser.get(reverse(f"seats:{name}", args=[funded.account.slug, waits.public_id])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_tranches_order_names_its_plan(funded: Funded, now: datetime) -> None:
    scheduled(funded, now)
    run_due_tranches(at=now)

    sheet = order_sheet(QuantityChange.objects.get())

    changed = dict(sheet.sections[-2].pairs)
    assert changed["Rollout plan"] == "Sales in 2027"


@pytest.mark.django_db
def test_vendor_data_is_read_and_downloaded_by_billing_people_only(
    owner: Membership, member: Membership, client_of: Browser
) -> None:
    page, pdf = (reverse(f"billing:{name}", args=[owner.account.slug]) for name in ("vendor", "vendor_pdf"))
    browser = client_of(owner)
    assert "No vendor data is published yet" in browser.get(page).content.decode()
    assert browser.get(pdf)["Location"] == page
    Vendor.objects.create(
        name="Seatworks Ltd", address="London", iban="GB33 0000", security_url="https://vendor.example/security"
    )

    shown = browser.get(page).content.decode()

    assert '<a href="https://vendor.example/security" rel="nofollow">' in shown
    assert "<dt>Bank</dt>" not in shown  # what is empty is left out
    text = words_of(browser.get(pdf).content)
    assert "Seatworks Ltd" in text
    assert "GB33 0000" in text
    assert client_of(member).get(page).status_code == 403
    assert client_of(member).get(pdf).status_code == 403
