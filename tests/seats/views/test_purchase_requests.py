"""Purchases that wait for approval, in the browser and by API: sent, looked at, decided."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Invitation, Membership, Role
from billing.models import BuyingPolicy, Price, QuantityChange, Quote, Subscription
from billing.terms.approvers import Step
from billing.terms.set_buying_policy import set_chain
from seatportal.templatetags.portal import day
from seats.models import Assignment, PlannedHolder, RequestStep, SeatRequest
from tests.conftest import Funded, FundMaker, join
from tests.desk import Desk
from tests.factories.accounts import DepartmentFactory
from tests.integrator import integrator_of, problem
from tests.seats.views.test_add_seats import at, text_of, untouched

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


@pytest.fixture
def bea(funded: Funded, now: datetime) -> Membership:
    """Bea of finance, who buys, while every purchase needs an approval."""
    BuyingPolicy.objects.create(account=funded.account, seats=0)
    return join(funded.account, "Bea", Role.BILLING, now)


def sent(client: Client, funded: Funded, **typed: str) -> SeatRequest:
    """Look at a price and send it for approval."""
    client.get(at("add", funded.account), {"add": "2"})
    quote = Quote.objects.latest("pk")
    answer = client.post(at("ask_approval", funded.account), {"quote_id": quote.public_id, "why": "Two hires", **typed})
    asked = SeatRequest.objects.get(kind="purchase")
    assert answer["Location"] == at("purchase_request", funded.account, asked.public_id)
    return asked


def test_from_the_price_to_the_seats(
    funded: Funded, bea: Membership, member: Membership, client_of: ClientOf, now: datetime
) -> None:
    support = DepartmentFactory.create(account=funded.account, name="Support")
    owner = client_of(funded.owner)
    page = text_of(client_of(bea).get(at("add", funded.account), {"add": "2"}))
    assert "Send for approval" in page
    assert "Approved by: Olivia." in page

    asked = sent(
        client_of(bea),
        funded,
        department=support.public_id,
        order_number="PO 7",
    )
    assert (asked.department, asked.po_number, asked.reason) == (support, "PO 7", "Two hires")
    url = at("purchase_request", funded.account, asked.public_id)
    mine = text_of(client_of(bea).get(url))
    assert "Waits for: Olivia" in mine
    assert "Approve $80.00" not in mine
    assert "2 more seats" in text_of(owner.get(at("requests", funded.account)))
    assert "Two hires" in text_of(owner.get(at("me", funded.account)))

    before = Quote.objects.count()
    shown = text_of(owner.get(url))
    quote = Quote.objects.latest("pk")
    assert Quote.objects.count() == before + 1
    assert "It is your turn to decide." in shown
    assert "Approve $80.00" in shown
    assert f'value="{quote.public_id}"' in shown
    answer = owner.post(url, {"decision": "approve", "quote_id": quote.public_id, "answer": "Go on"})

    assert answer["Location"] == url
    change = QuantityChange.objects.get()
    assert (change.state, change.quote, change.charged_total) == ("applied", quote, 8000)
    assert funded.desk.quantity(funded.stripe_id) == 12
    done = text_of(owner.get(url))
    assert "Approved by Olivia" in done
    assert "Go on" in done
    assert at("purchase", funded.account, change.public_id) in done


def test_who_pays_by_invoice_sees_how_long_procurement_takes(
    funded: Funded, bea: Membership, client_of: ClientOf, now: datetime
) -> None:
    asked = sent(client_of(bea), funded)
    url = at("purchase_request", funded.account, asked.public_id)
    assert "60–90 days" not in text_of(client_of(bea).get(url))

    Subscription.objects.filter(account=funded.account).update(collection_method="send_invoice")
    early, late = (day(now + timedelta(days=count)) for count in (60, 90))
    shown = text_of(client_of(bea).get(url))
    assert f"Procurement usually takes 60–90 days: expect it between {early} and {late}." in shown


def test_people_go_along(funded: Funded, member: Membership, client_of: ClientOf, now: datetime) -> None:
    BuyingPolicy.objects.create(account=funded.account, seats=0)
    adam = join(funded.account, "Adam", Role.ADMIN, now)
    asked = sent(client_of(adam), funded, emails="lena@acme.example", people=member.public_id)
    assert ([one.pk for one in asked.people.all()], asked.emails) == ([member.pk], ["lena@acme.example"])
    assert not PlannedHolder.objects.exists()
    url, owner = at("purchase_request", funded.account, asked.public_id), client_of(funded.owner)
    owner.get(url)
    owner.post(url, {"decision": "approve", "quote_id": Quote.objects.latest("pk").public_id})
    assert Assignment.objects.get(membership=member).ended_at is None
    assert Invitation.objects.get().email == "lena@acme.example"


def test_without_a_reason_nothing_is_sent(funded: Funded, bea: Membership, client_of: ClientOf) -> None:
    client = client_of(bea)
    client.get(at("add", funded.account), {"add": "2"})
    quote = Quote.objects.get()
    answer = client.post(at("ask_approval", funded.account), {"quote_id": quote.public_id, "why": " "})
    assert answer.status_code == 422
    assert "This field is required." in text_of(answer)
    assert f'value="{quote.public_id}"' in text_of(answer)
    assert not SeatRequest.objects.exists()
    gone = client.post(at("ask_approval", funded.account), {"quote_id": "qte_none", "why": "x"})
    assert gone["Location"] == at("add", funded.account)
    assert not SeatRequest.objects.exists()


def test_a_refusal_and_an_old_click(funded: Funded, bea: Membership, client_of: ClientOf) -> None:
    asked, owner = sent(client_of(bea), funded), client_of(funded.owner)
    url = at("purchase_request", funded.account, asked.public_id)
    owner.get(url)
    quote = Quote.objects.latest("pk")
    assert client_of(bea).post(url, {"decision": "refuse"}).status_code == 403
    assert owner.post(url, {"decision": "refuse", "answer": "Next year"})["Location"] == url
    asked.refresh_from_db()
    assert (asked.state, asked.answer) == ("refused", "Next year")
    late = owner.post(url, {"decision": "approve", "quote_id": quote.public_id})
    assert late.status_code == 409
    assert "This request was answered already." in text_of(late)
    untouched(funded)


def test_a_word_that_bought_nothing_does_not_tell_of_the_try_before(
    funded: Funded, bea: Membership, client_of: ClientOf, now: datetime
) -> None:
    chain = [Step(1, "admin", frozenset(), 0), Step(2, "billing", frozenset(), 0)]
    set_chain(account=funded.account, steps=chain, actor=funded.actor, at=now)
    adam = join(funded.account, "Adam", Role.ADMIN, now)
    asked, owner = sent(client_of(adam), funded), client_of(funded.owner)
    url = at("purchase_request", funded.account, asked.public_id)
    SeatRequest.objects.filter(pk=asked.pk).update(problem="payment_declined")
    owner.get(url)
    quote = Quote.objects.latest("pk")
    answer = text_of(owner.post(url, {"decision": "approve", "quote_id": quote.public_id}, follow=True))
    assert "Approved. It goes on to the next step." in answer
    assert "Approved, but the payment did not go through." not in answer
    untouched(funded)


def test_only_those_concerned_see_it(
    funded: Funded, bea: Membership, member: Membership, outsider: Membership, client_of: ClientOf, now: datetime
) -> None:
    asked = sent(client_of(bea), funded)
    url = at("purchase_request", funded.account, asked.public_id)
    elsewhere = client_of(member).get(url)
    assert (elsewhere.status_code, elsewhere["Location"]) == (302, at("me", funded.account))
    assert client_of(member).post(url, {"decision": "refuse"})["Location"] == at("me", funded.account)
    assert client_of(outsider).get(url).status_code == 404
    assert client_of(funded.owner).get(url).status_code == 200
    tom = client_of(join(funded.account, "Tom", Role.TEAM_MANAGER, now)).get(url)
    assert tom.status_code == 200
    assert "$80.00" not in text_of(tom)


def test_each_approver_finds_it_where_they_work(
    funded: Funded, bea: Membership, member: Membership, client_of: ClientOf, now: datetime
) -> None:
    """Bea of finance decides about no seats, so she has no page of requests: her overview tells her."""
    set_chain(
        account=funded.account,
        steps=(Step(1, "billing", frozenset(), 0), Step(2, "owner", frozenset(), 0)),
        actor=funded.actor,
        at=now,
    )
    assert "Ask for more seats" in text_of(client_of(member).get(at("me", funded.account)))
    client_of(member).post(at("ask_seats", funded.account), {"add": "2", "why": "Two hires"})
    asked = SeatRequest.objects.get()
    url = at("purchase_request", funded.account, asked.public_id)
    told = f"A purchase asked for by {member.user.name} waits for your approval"
    assert told in text_of(client_of(bea).get(at("overview", funded.account)))
    listed = text_of(client_of(funded.owner).get(at("requests", funded.account)))
    assert "waits for Bea" in listed
    assert "1 request waits for an answer" in text_of(client_of(funded.owner).get(at("overview", funded.account)))

    RequestStep.objects.filter(request=asked, position=1).update(approved=9000, decided_by=bea.user, decided_at=now)

    assert told not in text_of(client_of(bea).get(at("overview", funded.account)))
    assert "waits for" not in text_of(client_of(funded.owner).get(at("requests", funded.account)))
    client_of(funded.owner).get(url)
    quote = Quote.objects.latest("pk")
    client_of(funded.owner).post(url, {"decision": "approve", "quote_id": quote.public_id, "answer": "Go on"})
    asked.refresh_from_db()
    assert asked.state == "approved"
    done = text_of(client_of(funded.owner).get(url))
    assert "Approved by Olivia" in done
    assert "Not decided" not in done
    assert "Go on" in done


def test_a_member_asks_for_seats_and_the_owner_buys(
    funded: Funded, member: Membership, client_of: ClientOf, now: datetime
) -> None:
    client = client_of(member)
    assert "Ask for more seats" in text_of(client.get(at("request", funded.account)))
    assert client.get(at("ask_seats", funded.account)).status_code == 200
    wrong = client.post(at("ask_seats", funded.account), {"add": "0", "why": "Team"})
    assert wrong.status_code == 422
    too_many = client.post(at("ask_seats", funded.account), {"add": "90", "why": "Team"})
    assert too_many.status_code == 422
    assert not SeatRequest.objects.exists()
    client.post(at("ask_seats", funded.account), {"add": "3", "why": "Team"})
    asked = SeatRequest.objects.get()
    assert (asked.kind, asked.quantity, asked.membership) == ("purchase", 3, member)
    owner, url = client_of(funded.owner), at("purchase_request", funded.account, asked.public_id)
    owner.get(url)
    owner.post(url, {"decision": "approve", "quote_id": Quote.objects.latest("pk").public_id})
    assert funded.desk.quantity(funded.stripe_id) == 13
    assert "Approved" in text_of(client.get(url))


def test_a_change_of_plan_is_approved_too(
    owner: Membership, fund: FundMaker, desk: Desk, client_of: ClientOf, now: datetime
) -> None:
    desk.price("flat", "year", unit=51_000)
    funded = fund(owner, scheme="flat")
    BuyingPolicy.objects.create(account=funded.account, amount=0, currency="usd")
    bea, target = join(funded.account, "Bea", Role.BILLING, now), Price.objects.get(unit_amount=51_000)
    client_of(bea).get(at("change_plan", funded.account), {"price": target.public_id, "quantity": "11"})
    first = Quote.objects.get()
    client_of(bea).post(at("ask_approval", funded.account), {"quote_id": first.public_id, "why": "Cheaper"})
    asked = SeatRequest.objects.get()
    assert (asked.price_id, asked.quantity, asked.asked_total) == (target.public_id, 1, first.total)
    url, client = at("purchase_request", funded.account, asked.public_id), client_of(owner)
    assert "Change of plan asked for by Bea" in text_of(client.get(url))
    client.post(url, {"decision": "approve", "quote_id": Quote.objects.latest("pk").public_id})
    change = QuantityChange.objects.get()
    assert (change.kind, change.state, change.target_quantity) == ("plan", "applied", 11)
    assert change.charged_total == first.total


def test_the_api_asks_prices_and_decides(
    funded: Funded, member: Membership, client_of: ClientOf, now: datetime
) -> None:
    adam = join(funded.account, "Adam", Role.ADMIN, now)
    key = integrator_of(adam, now)
    quote = key.post("quotes", {"add": 2}).json()
    body = {"quote_id": quote["id"], "reason": "Two hires", "assign_to": [member.public_id], "po_number": "PO 7"}
    made = key.post("requests", body).json()
    assert (made["kind"], made["state"], made["asked_by"]) == ("purchase", "open", adam.user.email)
    assert made["purchase"] == {
        "add": 2,
        "price_id": "",
        "department": None,
        "assign_to": [member.user.email],
        "po_number": "PO 7",
        "currency": "usd",
        "total": 8000,
        "due": 8000,
        "monthly": 8000,
        "steps": [
            {
                "position": 1,
                "role": "admin",
                "from_amount": 0,
                "approved_up_to": None,
                "decided_by": None,
                "decided_at": None,
            }
        ],
        "waits_for": [funded.owner.user.email],
        "order_id": None,
        "problem": "",
    }
    path = f"requests/{made['id']}"
    refused = problem(key.post(f"{path}/decide", {"decision": "approve", "quote_id": quote["id"]}))
    assert (refused["status"], refused["code"]) == (403, "not_an_approver")

    def owner(where: str, sent: dict[str, Any]) -> Any:
        return client_of(funded.owner).post(f"/api/v1/{where}", sent, content_type="application/json")

    unseen = problem(owner(f"{path}/decide", {"decision": "approve"}))
    assert (unseen["status"], unseen["code"]) == (422, "price_needed")
    untouched(funded)
    price = owner(f"{path}/price", {}).json()
    done = owner(f"{path}/decide", {"decision": "approve", "quote_id": price["id"]})
    change = QuantityChange.objects.get()
    assert (done.status_code, done.json()["state"]) == (200, "approved")
    assert done.json()["purchase"]["order_id"] == change.public_id
    assert done.json()["purchase"]["steps"][0]["decided_by"] == funded.owner.user.email
    assert Assignment.objects.get(ended_at=None).membership == member


def test_the_api_asks_with_a_number_alone(funded: Funded, member: Membership, client_of: ClientOf) -> None:
    def mia(where: str, sent: dict[str, Any]) -> Any:
        return client_of(member).post(f"/api/v1/{where}", sent, content_type="application/json")

    both = problem(mia("requests", {"add": 1, "quote_id": "qte_1", "reason": "Team"}))
    assert both["status"] == 400 or both["status"] == 422
    made = mia("requests", {"add": 3, "reason": "Team"})
    assert made.status_code == 201
    assert (made.json()["purchase"]["add"], made.json()["member"]["id"]) == (3, member.public_id)
    refused = problem(mia(f"requests/{made.json()['id']}/decide", {"decision": "refuse"}))
    assert refused["code"] == "not_an_approver"
    untouched(funded)
