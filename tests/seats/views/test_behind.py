"""From an invoice line to the people behind it and back: who bought, asked, approved, held a seat, on which terms."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import Account, Membership
from billing.changes.buy_quote import buy_quote
from billing.models import Invoice, InvoiceLine, QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.holders.planned import plan_holders
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.models import Assignment, LedgerEntry
from seats.requests.decide_request import decide_request
from seats.requests.request_seat import request_seat
from tests.conftest import Funded
from tests.factories.seats import crowd, give_pool, seat

ClientOf = Callable[[Membership], Client]


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def make_line(account: Account, start: datetime, end: datetime, **fields: Any) -> InvoiceLine:
    """An invoice of one line, as the mirror would write it."""
    number = Invoice.objects.count()
    invoice = Invoice.objects.create(
        account=account,
        stripe_id=f"in_{account.pk}_{number}",
        number=f"R-{number:04}",
        status=fields.pop("status", "paid"),
        billing_reason="subscription_cycle",
        currency="usd",
        total=50_000,
        issued_at=start,
    )
    values = {"stripe_id": "il_1", "position": 0, "description": "10 seats", "amount": 50_000, "quantity": 10} | fields
    return InvoiceLine.objects.create(invoice=invoice, period_start=start, period_end=end, **values)


def page(name: str, account: Account, line: InvoiceLine) -> str:
    return reverse(f"seats:{name}", args=[account.slug, line.invoice.public_id, line.position])


@pytest.fixture
def month(owner: Membership, now: datetime) -> InvoiceLine:
    """A renewal of ten seats for the month around now."""
    give_pool(owner.account, 10, now - timedelta(days=60))
    return make_line(owner.account, now - timedelta(days=15), now + timedelta(days=15))


@pytest.mark.django_db(transaction=True)
def test_a_purchase_opens_its_people_and_its_terms(
    funded: Funded, member: Membership, admin_member: Membership, client_of: ClientOf, now: datetime
) -> None:
    asked = request_seat(
        account=funded.account,
        membership=member,
        asked_by=member.user,
        reason="I draw the plans",
        actor=Actor(user=member.user),
        at=now,
    )
    later = now + timedelta(minutes=1)
    decide_request(
        account=funded.account,
        request=asked,
        approve=True,
        answer="Yes",
        actor=Actor(user=admin_member.user),
        at=later,
    )
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    plan_holders(
        account=funded.account,
        quote_id=quote.public_id,
        members=[admin_member],
        emails=[],
        actor=funded.actor,
    )
    change = buy_quote(
        account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=later, reason="Order 4711"
    )
    invoice = Invoice.objects.get(stripe_id=change.invoice_stripe_id)
    client = client_of(funded.owner)

    listed = words(client.get(reverse("billing:invoice", args=[funded.account.slug, invoice.public_id])))
    line = invoice.lines.get(amount__gt=0)
    assert f'href="{page("line", funded.account, line)}"' in listed
    text = words(client.get(page("line", funded.account, line)))

    assert "Bought by</dt><dd>Olivia, " in text
    assert "Quoted $80.00, charged $80.00" in text
    assert "Order 4711" in text
    assert "Team, graduated" in text
    assert "Adam</strong><p>Took the seat on" in text
    assert "Named by Olivia" in text
    assert "2 people held seats in this period" in text
    assert "Mia asked on" in text
    assert "Adam approved on" in text
    entry = LedgerEntry.objects.get(change_id=change.public_id)
    entry_url = reverse("seats:ledger_entry", args=[funded.account.slug, entry.public_id])
    assert f'href="{entry_url}"' in text

    # And back: from the ledger to the invoice and the purchase, from the person to the line.
    back = words(client.get(entry_url))
    assert reverse("billing:invoice", args=[funded.account.slug, invoice.public_id]) in back
    assert reverse("seats:purchase", args=[funded.account.slug, change.public_id]) in back
    person = words(client.get(reverse("seats:person", args=[funded.account.slug, member.public_id])))
    cost_url = reverse("seats:cost", args=[funded.account.slug, member.public_id])
    assert f'href="{cost_url}"' in person
    assert page("line", funded.account, line) in words(client.get(cost_url))


@pytest.mark.django_db(transaction=True)
def test_a_difference_stands_at_the_line_too(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    funded.desk.client.v1.customers.balance_transactions.create(
        funded.customer.stripe_id, {"amount": 700, "currency": "usd"}
    )
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    line = InvoiceLine.objects.filter(invoice__stripe_id=QuantityChange.objects.get().invoice_stripe_id, amount__gt=0)

    text = words(client_of(funded.owner).get(page("line", funded.account, line.get())))

    assert "Different" in text
    assert "Our team was told at once" in text


def test_a_renewal_lists_everybody_of_its_period_and_nobody_else(
    owner: Membership, month: InvoiceLine, client_of: ClientOf, now: datetime
) -> None:
    account = owner.account
    early, through, late = crowd(account, 3, now - timedelta(days=60))
    gone = seat(early, now - timedelta(days=40))
    release_seat(account=account, assignment=gone, actor=Actor.system("demo"), at=now - timedelta(days=20))
    held = seat(through, now - timedelta(days=40))
    release_seat(account=account, assignment=held, actor=Actor(user=owner.user), at=now - timedelta(days=1))
    seat(late, now + timedelta(days=20))
    invite_with_seat(
        account=account,
        email="new@acme.example",
        role="member",
        department=None,
        name="",
        actor=Actor(user=owner.user),
        at=now,
    )

    answer = client_of(owner).get(page("line", account, month))

    assert [(h.email, h.tenure.state) for h in answer.context["holders"]] == [
        (through.user.email, "held"),
        ("new@acme.example", "reserved"),
    ]
    text = words(answer)
    assert "2 people held seats in this period" in text
    assert "the seats that were there were invoiced" in text
    assert "Released" in text
    assert early.user.email not in text
    assert late.user.email not in text


def test_the_csv_says_the_same(owner: Membership, month: InvoiceLine, client_of: ClientOf, now: datetime) -> None:
    members = crowd(owner.account, 3, now - timedelta(days=60))
    for member in members:
        seat(member, now - timedelta(days=2))

    answer = client_of(owner).get(page("line_csv", owner.account, month))

    lines = b"".join(answer.streaming_content).decode().lstrip("\ufeff").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 4
    assert lines[0].startswith("Name,E-mail,Department,State,From (UTC),To (UTC),Given by,Asked by,Approved by")
    assert lines[1].split(",")[:2] == ["Person 00000", "person00000@crowd.example"]
    assert answer["Content-Disposition"] == f'attachment; filename="{month.invoice.number}-1.csv"'


def test_many_holders_are_paged_without_gaps_and_cost_the_same(
    owner: Membership, month: InvoiceLine, client_of: ClientOf, now: datetime
) -> None:
    give_pool(owner.account, 300, now)
    members = crowd(owner.account, 230, now - timedelta(days=60))
    Assignment.objects.bulk_create(
        Assignment(account=owner.account, state="held", membership=m, door="demo", started_at=now) for m in members
    )
    client, url = client_of(owner), page("line", owner.account, month)
    client.get(url)

    seen: list[str] = []
    costs: list[int] = []
    after = ""
    for _ in range(3):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.get(url, {"after": after} if after else {})
        costs.append(len(queries))
        seen += [holder.email for holder in answer.context["holders"]]
        after = answer.context["after"]

    assert len(seen) == len(set(seen)) == 230
    assert after == ""
    assert costs[1] == costs[2]
    assert costs[0] <= costs[1]
    assert "230 people held seats" in words(answer)


def test_a_person_sees_the_lines_of_their_time_as_whole_lines(
    owner: Membership, member: Membership, month: InvoiceLine, client_of: ClientOf, now: datetime
) -> None:
    account = owner.account
    before = make_line(account, now - timedelta(days=45), now - timedelta(days=15), description="Before")
    make_line(account, now - timedelta(days=10), now + timedelta(days=9), description="Draft", status="draft")
    url = reverse("seats:cost", args=[account.slug, member.public_id])
    client = client_of(owner)
    assert "No invoice line yet" in words(client.get(url))

    seat(member, now - timedelta(days=3))

    answer = client.get(url)
    assert answer.context["lines"] == [month]
    text = words(answer)
    assert "1 of 10 seats" in text
    assert "$500.00" in text
    assert f'href="{page("line", account, month)}"' in text
    assert before.description not in text
    rows = b"".join(client.get(f"{url[:-1]}.csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(rows) == 2
    assert rows[1].split(",")[-3:] == ["10", "50000", "usd"]


def test_strangers_and_roles(
    owner: Membership, member: Membership, outsider: Membership, month: InvoiceLine, client_of: ClientOf
) -> None:
    account = owner.account
    theirs = make_line(outsider.account, month.period_start, month.period_end)
    mixed = reverse("seats:line", args=[account.slug, theirs.invoice.public_id, 0])
    beyond = reverse("seats:line", args=[account.slug, month.invoice.public_id, 7])
    urls = [page("line", account, month), page("line_csv", account, month)]
    urls += [reverse(f"seats:{name}", args=[account.slug, member.public_id]) for name in ("cost", "cost_csv")]

    for url in urls:
        assert client_of(owner).get(url).status_code == 200, url
        assert client_of(outsider).get(url).status_code == 404, url
        assert client_of(member).get(url).status_code == 403, url
    for url in (mixed, beyond):
        assert client_of(owner).get(url).status_code == 404, url
