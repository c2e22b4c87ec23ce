"""Documents, vendor data and true-ups for programs."""

from datetime import datetime

import pytest

from accounts.models import Membership
from billing.changes.buy_quote import buy_quote
from billing.models import QuantityChange, Vendor
from billing.quotes.quote_quantity import quote_quantity
from seats.models import SeatRequest, TrueUp
from tests.conftest import Funded
from tests.integrator import Integrator, integrator_of, problem
from tests.seats.documents.test_orders import words_of


def stamp(moment: datetime | None) -> str:
    assert moment is not None
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture
def acme(funded: Funded, now: datetime) -> Integrator:
    """A key of the paying account."""
    return integrator_of(funded.owner, now)


@pytest.fixture
def order(funded: Funded, now: datetime) -> QuantityChange:
    """Two seats that were bought."""
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now, po_number="PO-9")


def requested(funded: Funded, now: datetime, state: str) -> SeatRequest:
    """Three seats that somebody asked for."""
    return SeatRequest.objects.create(
        account=funded.account,
        membership=funded.owner,
        asked_by=funded.owner.user,
        kind="purchase",
        reason="Hires",
        state=state,
        quote_id=f"qte_{state}",
        quantity=3,
        currency="usd",
        asked_total=12_000,
        asked_due=12_000,
        po_number="PO-8",
        decided_at=None if state == "open" else now,
    )


@pytest.mark.django_db(transaction=True)
def test_orders_and_approved_requests_are_listed_and_drawn(
    acme: Integrator, funded: Funded, order: QuantityChange, outsider: Membership, now: datetime
) -> None:
    asked, waiting = requested(funded, now, "approved"), requested(funded, now, "open")
    QuantityChange.objects.filter(pk=order.pk).update(settled_at=now.replace(year=now.year + 1))
    order.refresh_from_db()
    of_order = {"id": order.public_id, "kind": "order", "at": stamp(order.settled_at), "po_number": "PO-9"}
    of_request = {"id": asked.public_id, "kind": "request", "at": stamp(now), "po_number": "PO-8"}

    assert acme.get("documents").json() == {"next": None, "previous": None, "results": [of_order, of_request]}
    assert acme.get("documents?kind=request").json()["results"] == [of_request]
    first = acme.get("documents?limit=1").json()
    assert first["results"] == [of_order]
    rest = acme.get(first["next"].partition("/api/v1/")[2]).json()
    assert (rest["results"], rest["next"]) == ([of_request], None)
    for query in ("kind=invoice", "cursor=x", "limit=0"):
        assert problem(acme.get(f"documents?{query}"))["code"] == "validation_failed"

    pdf = acme.get(f"documents/{order.public_id}/pdf")
    assert (pdf.status_code, pdf["Content-Type"]) == (200, "application/pdf")
    assert pdf["Content-Disposition"] == f'attachment; filename="order-{order.public_id}.pdf"'
    assert f"Order {order.public_id}" in words_of(pdf.content)
    assert "PO-9" in words_of(pdf.content)
    assert f"/CreationDate (D:{order.settled_at:%Y%m%d%H%M%S}".encode() in pdf.content
    assert acme.get(f"documents/{order.public_id}/pdf").content == pdf.content
    other = acme.get(f"documents/{asked.public_id}/pdf")
    assert other["Content-Disposition"] == f'attachment; filename="request-{asked.public_id}.pdf"'
    assert f"Purchase request {asked.public_id}" in words_of(other.content)

    assert problem(acme.get(f"documents/{waiting.public_id}/pdf"))["status"] == 404
    assert problem(acme.get(f"documents/{order.public_id}/pdf", accept="application/json"))["status"] == 406
    stranger = integrator_of(outsider, now)
    assert stranger.get("documents").json()["results"] == []
    assert problem(stranger.get(f"documents/{order.public_id}/pdf"))["status"] == 404
    assert problem(stranger.get(f"documents/{asked.public_id}/pdf"))["status"] == 404


@pytest.mark.django_db(transaction=True)
def test_an_unpaid_order_has_no_document(acme: Integrator, order: QuantityChange) -> None:
    QuantityChange.objects.filter(pk=order.pk).update(state="failed")
    assert acme.get("documents").json()["results"] == []
    assert problem(acme.get(f"documents/{order.public_id}/pdf"))["status"] == 404


@pytest.mark.django_db
def test_vendor_data(owner: Membership, now: datetime) -> None:
    acme = integrator_of(owner, now)
    for path in ("vendor", "vendor/pdf"):
        assert problem(acme.get(path))["status"] == 404
    row = Vendor.objects.create(name="Seatworks Ltd", address="1 High Street", tax_id="GB1", iban="GB29NWBK601613")

    answer = acme.get("vendor")

    assert answer.json() == {
        "name": "Seatworks Ltd",
        "address": "1 High Street",
        "tax_id": "GB1",
        "register": "",
        "email": "",
        "bank": "",
        "iban": "GB29NWBK601613",
        "bic": "",
        "tax_form_url": "",
        "security_url": "",
        "terms_url": "",
        "privacy_url": "",
        "updated_at": stamp(row.updated_at),
    }
    assert acme.get("vendor", if_none_match=answer["ETag"]).status_code == 304
    pdf = acme.get("vendor/pdf", accept_language="de")
    assert (pdf["Content-Type"], pdf["Content-Disposition"]) == (
        "application/pdf",
        'attachment; filename="vendor-data.pdf"',
    )
    assert "GB29NWBK601613" in words_of(pdf.content)
    assert "Lieferant" in words_of(pdf.content)


@pytest.mark.django_db
def test_true_ups_are_read_without_anybodys_name(owner: Membership, outsider: Membership, now: datetime) -> None:
    acme = integrator_of(owner, now)
    run = TrueUp.objects.create(
        account=owner.account,
        first_day="2026-07-01",
        last_day="2026-09-30",
        time_zone="UTC",
        idle_days=30,
        removes_idle=True,
        state="review",
        due_at=now,
        answer_by=now,
        counted_at=now,
        purchased=10,
        peak=3,
        target=13,
    )
    shown = {
        "id": run.public_id,
        "state": "review",
        "first_day": "2026-07-01",
        "last_day": "2026-09-30",
        "time_zone": "UTC",
        "counts_at": stamp(now),
        "counted_at": stamp(now),
        "purchased": 10,
        "peak": 3,
        "target": 13,
        "idle_days": 30,
        "removes_idle": True,
        "answer_by": stamp(now),
        "decision": "",
        "decided_at": None,
        "decided_by": None,
        "attempts": 0,
        "next_try_at": None,
        "error_code": "",
        "order_id": None,
        "renew_quantity": None,
        "settled_at": None,
        "seal": "",
    }
    assert acme.get("true-ups").json() == {"next": None, "previous": None, "results": [shown]}
    assert acme.get(f"true-ups/{run.public_id}").json() == shown
    assert acme.get("true-ups?state=settled").json()["results"] == []
    assert problem(acme.get("true-ups?state=perhaps"))["errors"][0]["field"] == "state"
    assert integrator_of(outsider, now).get(f"true-ups/{run.public_id}").status_code == 404


@pytest.mark.django_db
def test_who_may_not_see_invoices_reads_none_of_it(owner: Membership, now: datetime) -> None:
    Vendor.objects.create(name="Seatworks Ltd", address="1 High Street")
    reader = integrator_of(owner, now, "seats.view", "usage.view", "seats.buy")
    for path in ("documents", "documents/x/pdf", "vendor", "vendor/pdf", "true-ups", "true-ups/x"):
        refused = problem(reader.get(path))
        assert (refused["status"], refused["capability"]) == (403, "billing.view"), path
