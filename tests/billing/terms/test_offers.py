"""Above the self-service bound: a request, an answer by staff, and then the purchase; never a price of ours."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Notice, Role
from accounts.notices.deliver_notice import mail_of
from billing.errors import OfferAlreadyAsked, OfferGone, QuantityWrong, TermsWrong, TooManySeats
from billing.models import OfferRequest, Quote, Terms
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.offers import answer_offer_request, ask_for_offer, withdraw_offer_request
from tests.conftest import Funded, join, make_user
from tests.integrator import integrator_of, problem

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


def asked(funded: Funded, now: datetime, quantity: int = 60) -> OfferRequest:
    return ask_for_offer(
        account=funded.account, quantity=quantity, contact="o@acme.example", above=50, actor=funded.actor, at=now
    )


def answer(funded: Funded, request: OfferRequest, state: str, now: datetime, text: str = "At 38 each") -> OfferRequest:
    return answer_offer_request(
        account=funded.account, request_id=request.public_id, state=state, answer=text, actor=funded.actor, at=now
    )


def text_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def test_an_agreed_offer_lets_the_customer_buy_that_many(funded: Funded, now: datetime) -> None:
    request = asked(funded, now)
    answer(funded, request, "offered", now)
    with pytest.raises(TooManySeats):
        quote_quantity(account=funded.account, actor=funded.actor, add=50, at=now)
    assert not Terms.objects.exists()

    answer(funded, request, "accepted", now)

    assert Terms.objects.get().self_service_max == 60
    assert quote_quantity(account=funded.account, actor=funded.actor, add=50, at=now).target_quantity == 60
    with pytest.raises(TooManySeats):
        quote_quantity(account=funded.account, actor=funded.actor, add=51, at=now)
    trail = AuditEntry.objects.filter(action__startswith="offer.").order_by("pk").values_list("action", flat=True)
    assert list(trail) == ["offer.asked", "offer.offered", "offer.accepted"]


def test_each_answer_is_mailed_once_to_who_asked_and_to_the_owner(funded: Funded, now: datetime) -> None:
    adam = join(funded.account, "Adam", Role.ADMIN, now)
    adam.user.locale = "de"
    adam.user.save()
    request = ask_for_offer(
        account=funded.account,
        quantity=60,
        contact="a@acme.example",
        above=50,
        actor=Actor(user=adam.user),
        at=now,
    )

    answer(funded, request, "offered", now)
    answer(funded, request, "accepted", now, "Agreed at 38 each")
    with pytest.raises(OfferGone):
        answer(funded, request, "declined", now)

    rows = Notice.objects.order_by("pk")
    told = [(row.kind, row.context["state"], row.user.name) for row in rows]
    assert sorted(told) == [
        ("offer_answered", state, who) for state in ("accepted", "offered") for who in ("Adam", "Olivia")
    ]
    mail = mail_of(Notice.objects.get(user=funded.owner.user, context__state="offered"))
    assert mail.subject == "Acme: an offer for 60 seats"
    assert "At 38 each" in str(mail.body)
    mail = mail_of(Notice.objects.get(user=funded.owner.user, context__state="accepted"))
    assert "It is agreed: up to 60 seats can be bought in the portal. Nothing was bought yet" in str(mail.body)


def test_one_request_is_open_at_a_time_and_a_closed_one_stays_closed(funded: Funded, now: datetime) -> None:
    request = asked(funded, now)
    with pytest.raises(OfferAlreadyAsked):
        asked(funded, now, 70)
    withdraw_offer_request(account=funded.account, request_id=request.public_id, actor=funded.actor, at=now)
    for state in ("offered", "accepted", "declined"):
        with pytest.raises(OfferGone):
            answer(funded, request, state, now)
    with pytest.raises(OfferGone):
        withdraw_offer_request(account=funded.account, request_id=request.public_id, actor=funded.actor, at=now)

    assert not Terms.objects.exists()
    assert [r.state for r in OfferRequest.objects.all()] == ["withdrawn"]


def test_no_offer_is_asked_for_what_is_sold_and_no_answer_is_silent(funded: Funded, now: datetime) -> None:
    with pytest.raises(QuantityWrong):
        asked(funded, now, 50)
    assert not OfferRequest.objects.exists()
    request = asked(funded, now, 51)
    with pytest.raises(TermsWrong):
        answer(funded, request, "declined", now, text=" ")
    request.refresh_from_db()
    assert request.state == "open"


def test_the_page_asks_shows_and_withdraws(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    client = client_of(funded.owner)
    url = reverse("billing:offer", args=[funded.account.slug])
    add = text_of(client.get(reverse("seats:add", args=[funded.account.slug]), {"add": "60"}))
    assert f'href="{url}?quantity=70"' in add
    assert "More than 50 seats: talk to us" in add
    assert 'value="70"' in text_of(client.get(url, {"quantity": "70"}))

    refused = client.post(url, {"quantity": "50", "contact": "o@acme.example"})
    sent = client.post(url, {"quantity": "70", "contact": "o@acme.example", "note": "New site"})

    assert refused.status_code == 422
    assert "Up to 50 seats can be bought without an offer." in text_of(refused)
    assert (sent.status_code, sent["Location"]) == (302, url)
    request = OfferRequest.objects.get()
    assert (request.quantity, request.contact, request.note, request.user) == (
        70,
        "o@acme.example",
        "New site",
        funded.owner.user,
    )
    assert "An offer for 70 seats is asked for" in text_of(client.get(url))
    client.post(reverse("billing:offer-withdraw", args=[funded.account.slug, request.public_id]))
    request.refresh_from_db()
    assert request.state == "withdrawn"
    assert not Quote.objects.exists()


def test_the_api_says_where_to_ask(funded: Funded, now: datetime) -> None:
    acme = integrator_of(funded.owner, now)

    refused = problem(acme.post("quotes", {"add": 60}))
    made = acme.post(refused["ask_at"].removeprefix("/api/v1/"), {"quantity": 70, "contact": "o@acme.example"})
    again = acme.post("offer-requests", {"quantity": 71, "contact": "o@acme.example"})
    small = acme.post("offer-requests", {"quantity": 50, "contact": "o@acme.example"})

    assert (refused["code"], refused["maximum"]) == ("seats_exceed_self_service", 50)
    assert (made.status_code, made.json()["state"], made.json()["quantity"]) == (201, "open", 70)
    assert (again.status_code, problem(again)["code"]) == (409, "offer_already_requested")
    assert (small.status_code, problem(small)["code"]) == (422, "quantity_wrong")
    [row] = acme.get("offer-requests").json()["results"]
    assert row == made.json()
    gone = acme.post(f"offer-requests/{row['id']}/withdraw", {})
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")


def test_staff_answer_in_the_admin(funded: Funded, now: datetime, settings: object) -> None:
    settings.STAFF_NEED_MFA = False  # type: ignore[attr-defined]
    request = asked(funded, now)
    staff = make_user("Stella", domain="vendor.example", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:billing_offerrequest_change", args=[request.pk])
    assert client.get(url).status_code == 200

    client.post(url, {"state": "accepted", "answer": "As agreed", "valid_until_0": "", "valid_until_1": ""})

    request.refresh_from_db()
    assert (request.state, request.answer, request.answered_by) == ("accepted", "As agreed", staff)
    assert Terms.objects.get(account=funded.account).self_service_max == 60
    terms_url = reverse("admin:billing_terms_change", args=[Terms.objects.get().pk])
    page = client.get(terms_url)
    assert page.status_code == 200
    form = page.context["adminform"].form
    values = {name: form[name].value() if form[name].value() is not None else "" for name in form.fields}
    for name in ("valid_until", "committed_until"):
        values |= {f"{name}_0": "", f"{name}_1": ""}
        values.pop(name)
    values |= {"minimum_seats": "4", "reason": "Pilot", "adds_commit": "", "credit_limit": "5000.00"}
    values.pop("adds_commit")
    client.post(terms_url, values)

    terms = Terms.objects.get()
    assert (terms.minimum_seats, terms.credit_limit, terms.reason) == (4, 500_000, "Pilot")
