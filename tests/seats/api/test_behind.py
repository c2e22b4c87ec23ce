"""The people behind an invoice line, by API: the same as the page says."""

from datetime import datetime, timedelta

import pytest

from accounts.access.actor import Actor
from accounts.models import Membership
from billing.changes.buy_quote import buy_quote
from billing.models import Invoice
from billing.quotes.quote_quantity import quote_quantity
from seats.holders.planned import plan_holders
from seats.holders.release_seat import release_seat
from seats.models import Assignment, LedgerEntry
from seats.requests.decide_request import decide_request
from seats.requests.request_seat import request_seat
from tests.conftest import Funded, make_account
from tests.factories.seats import crowd, give_pool, seat
from tests.integrator import integrator_of, problem
from tests.seats.views.test_behind import make_line


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.mark.django_db(transaction=True)
def test_a_purchase_opens_its_people_and_its_terms(
    funded: Funded, member: Membership, admin_member: Membership, now: datetime
) -> None:
    account, later = funded.account, now + timedelta(minutes=1)
    asked = request_seat(
        account=account,
        membership=member,
        asked_by=member.user,
        reason="I draw the plans",
        actor=Actor(user=member.user),
        at=now,
    )
    boss = Actor(user=admin_member.user)
    decide_request(account=account, request=asked, approve=True, answer="Yes", actor=boss, at=later)
    quote = quote_quantity(account=account, actor=funded.actor, add=2, at=now)
    plan_holders(account=account, quote_id=quote.public_id, members=[admin_member], emails=[], actor=funded.actor)
    change = buy_quote(account=account, quote_id=quote.public_id, actor=funded.actor, at=later, reason="Order 4711")
    invoice = Invoice.objects.get(stripe_id=change.invoice_stripe_id)
    line = invoice.lines.get(amount__gt=0)
    acme = integrator_of(funded.owner, now, "billing.view")
    path = f"invoices/{invoice.public_id}/lines/{line.position}"

    told = acme.get(path).json()
    people = acme.get(f"{path}/people").json()["results"]
    back = acme.get(f"members/{member.public_id}/invoice-lines").json()["results"]

    entry = LedgerEntry.objects.get(change_id=change.public_id)
    bought_for = told.pop("bought_for")
    assert told == {
        "line": acme.get(f"invoices/{invoice.public_id}").json()["lines"][line.position],
        "order_id": change.public_id,
        "bought_by": "olivia@acme.example",
        "bought_with_key_id": None,
        "bought_at": stamp(later),
        "seats_before": 10,
        "seats_after": 12,
        "quoted_total": 8000,
        "charged_total": 8000,
        "reason": "Order 4711",
        "po_number": "",
        "plan": "Team",
        "price_scheme": "graduated",
        "committed_seats": None,
        "committed_until": None,
        "ledger_ids": [entry.public_id],
        "people": 2,
    }
    assert [(one["member_id"], one["named_by"], one["seated_at"] is not None) for one in bought_for] == [
        (admin_member.public_id, "olivia@acme.example", True)
    ]
    mias, adams = sorted(people, key=lambda person: person["email"], reverse=True)
    assert (adams["email"], adams["request"]) == (admin_member.user.email, None)
    assert mias == {
        "member_id": member.public_id,
        "name": "Mia",
        "email": "mia@acme.example",
        "seat_id": Assignment.objects.get(membership=member).public_id,
        "state": "held",
        "since": stamp(later),
        "until": None,
        "given_by": admin_member.user.email,
        "reason": mias["reason"],
        "request": {
            "id": asked.public_id,
            "asked_by": "mia@acme.example",
            "asked_at": stamp(asked.created_at),
            "approved_by": admin_member.user.email,
            "approved_at": stamp(later),
            "reason": "I draw the plans",
        },
    }
    assert (invoice.public_id, line.position) in [(one["invoice_id"], one["position"]) for one in back]
    assert all(one["currency"] == "usd" for one in back)


@pytest.mark.django_db
def test_a_renewal_has_no_order_and_lists_who_was_there(owner: Membership, now: datetime) -> None:
    account = owner.account
    give_pool(account, 10, now - timedelta(days=60))
    line = make_line(account, now - timedelta(days=15), now + timedelta(days=15))
    through, gone = crowd(account, 2, now - timedelta(days=60))
    seat(through, now - timedelta(days=40))
    left = seat(gone, now - timedelta(days=40))
    release_seat(account=account, assignment=left, actor=Actor.system("demo"), at=now - timedelta(days=20))
    acme = integrator_of(owner, now, "billing.view")
    path = f"invoices/{line.invoice.public_id}/lines/0"

    told = acme.get(path).json()

    assert (told["order_id"], told["bought_by"], told["plan"], told["people"]) == (None, None, None, 1)
    assert [one["member_id"] for one in acme.get(f"{path}/people").json()["results"]] == [through.public_id]
    cost = acme.get(f"members/{through.public_id}/invoice-lines").json()["results"]
    assert [(one["invoice_id"], one["amount"], one["quantity"]) for one in cost] == [
        (line.invoice.public_id, 50_000, 10)
    ]
    assert acme.get(f"members/{gone.public_id}/invoice-lines").json()["results"] == []


@pytest.mark.django_db
def test_many_people_come_by_pages(owner: Membership, now: datetime) -> None:
    give_pool(owner.account, 10, now - timedelta(days=60))
    line = make_line(owner.account, now - timedelta(days=15), now + timedelta(days=15))
    members = crowd(owner.account, 5, now - timedelta(days=60))
    for one in members:
        seat(one, now - timedelta(days=2))
    acme = integrator_of(owner, now, "billing.view")

    seen, path = [], f"invoices/{line.invoice.public_id}/lines/0/people?limit=2"
    while path:
        page = acme.get(path).json()
        seen += [one["member_id"] for one in page["results"]]
        path = (page["next"] or "").partition("/api/v1/")[2]

    assert sorted(seen) == sorted(one.public_id for one in members)


@pytest.mark.django_db
def test_invoices_are_for_those_who_may_see_them(owner: Membership, now: datetime) -> None:
    line = make_line(owner.account, now - timedelta(days=15), now + timedelta(days=15))
    path = f"invoices/{line.invoice.public_id}/lines/0"
    other = make_account("Elsewhere", now, owner="Oscar", domain="elsewhere.example")
    acme, elsewhere = integrator_of(owner, now, "seats.view", "usage.view"), integrator_of(other, now)

    for asked in (path, f"{path}/people", f"members/{owner.public_id}/invoice-lines"):
        assert problem(acme.get(asked))["capability"] == "billing.view"
        assert elsewhere.get(asked).status_code == 404
    assert integrator_of(owner, now).get(f"invoices/{line.invoice.public_id}/lines/7").status_code == 404
