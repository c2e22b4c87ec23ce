"""An offer that staff begin: from the account's page, over the answer, to what the customer sees and is mailed."""

from collections.abc import Callable
from datetime import datetime

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Notice, User
from accounts.notices.deliver_notice import mail_of
from billing.errors import OfferAlreadyAsked, QuantityWrong, TermsWrong
from billing.models import OfferRequest, Quote, Terms
from billing.terms.offers import ask_for_offer, begin_offer
from tests.conftest import Funded, make_user
from tests.integrator import integrator_of
from tests.seatportal.test_staff import BACKEND, staff_user

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]
GIVEN = {"quantity": "80", "contact": "cfo@acme.example", "reason": "They hire forty"}


@pytest.fixture
def stella() -> User:
    return staff_user()


@pytest.fixture
def staff(stella: User) -> Client:
    client = Client()
    client.force_login(stella, backend=BACKEND)
    return client


def act_url(funded: Funded) -> str:
    return reverse("admin:seats_signal_account_act", args=[funded.account.pk, "offer"])


def text_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def nothing_happened() -> bool:
    trail = AuditEntry.objects.filter(action__startswith="offer.")
    return not (trail.exists() or OfferRequest.objects.exists() or Notice.objects.exists() or Terms.objects.exists())


def answer(staff: Client, request: OfferRequest, state: str, text: str) -> None:
    url = reverse("admin:billing_offerrequest_change", args=[request.pk])
    sent = staff.post(url, {"state": state, "answer": text, "valid_until_0": "", "valid_until_1": ""})
    assert sent.status_code == 302


def test_staff_begin_an_offer_with_a_reason(funded: Funded, stella: User, staff: Client) -> None:
    page = text_of(staff.get(act_url(funded)))
    assert "more than the 50 seats that are sold here" in page
    assert 'value="51"' in page
    assert f'value="{funded.owner.user.email}"' in page
    assert nothing_happened()

    sent = staff.post(act_url(funded), GIVEN)

    account = reverse("admin:seats_signal_account", args=[funded.account.pk])
    assert (sent.status_code, sent["Location"]) == (302, account)
    row = OfferRequest.objects.get()
    assert (row.account, row.quantity, row.contact, row.state) == (funded.account, 80, "cfo@acme.example", "open")
    assert (row.user, row.api_key, row.begun_by, row.note, row.answer) == (None, None, stella, "", "")
    trail = AuditEntry.objects.filter(action="offer.begun").order_by("pk")
    assert [(e.account, e.user, e.door, e.target, e.summary, e.data) for e in trail] == [
        (funded.account, stella, "admin", row.public_id, "80", {}),
        (None, stella, "admin", row.public_id, "They hire forty", {}),
    ]
    assert not Notice.objects.exists()
    assert not Terms.objects.exists()
    shown = text_of(staff.get(account))
    assert "The offer over 80 seats is begun. Answer it under Procurement." in shown
    assert f'href="{reverse("admin:billing_offerrequest_change", args=[row.pk])}"' in shown
    assert "begun by staff" in shown


def test_the_customer_sees_it_as_the_account_teams_and_is_told_by_the_same_notice(
    funded: Funded, staff: Client, client_of: ClientOf, now: datetime
) -> None:
    staff.post(act_url(funded), GIVEN)
    row = OfferRequest.objects.get()
    customer, url = client_of(funded.owner), reverse("billing:offer", args=[funded.account.slug])

    page = text_of(customer.get(url))
    assert "Your account team has an offer for 80 seats in hand" in page
    assert "By your account team" in page
    for text in ("is asked for", "Stella", "They hire forty", "Withdraw the request"):
        assert text not in page, text
    trail = text_of(customer.get(reverse("accounts:audit_trail", args=[funded.account.slug])))
    assert "Offer begun by the account team" in trail
    assert "They hire forty" not in trail

    [told] = integrator_of(funded.owner, now).get("offer-requests").json()["results"]
    assert (told["id"], told["by_account_team"], told["state"]) == (row.public_id, True, "open")

    answer(staff, row, "offered", "At 38 each")

    notice = Notice.objects.get()
    assert (notice.kind, notice.user, notice.key) == (
        "offer_answered",
        funded.owner.user,
        f"offer_offered:{row.public_id}",
    )
    mail = mail_of(notice)
    assert mail.subject == "Acme: an offer for 80 seats"
    assert "Your account team makes an offer over 80 seats in all:" in str(mail.body)
    assert "At 38 each" in str(mail.body)
    assert "You asked" not in str(mail.body)
    assert "At 38 each" in text_of(customer.get(url))

    answer(staff, row, "accepted", "Agreed")

    assert Terms.objects.get(account=funded.account).self_service_max == 80
    assert not Quote.objects.exists()


def test_an_offer_that_staff_give_up_blames_nobody(funded: Funded, staff: Client) -> None:
    staff.post(act_url(funded), GIVEN)
    answer(staff, OfferRequest.objects.get(), "declined", "The price list changes")
    mail = mail_of(Notice.objects.get())
    assert mail.subject == "Acme: no offer for 80 seats"
    assert "Your account team does not go on with its offer over 80 seats in all:" in str(mail.body)
    assert "asked" not in str(mail.body)


def test_the_customer_turns_it_down(funded: Funded, staff: Client, client_of: ClientOf) -> None:
    staff.post(act_url(funded), GIVEN)
    row = OfferRequest.objects.get()
    customer = client_of(funded.owner)
    assert "Turn down the offer" in text_of(customer.get(reverse("billing:offer", args=[funded.account.slug])))
    customer.post(reverse("billing:offer-withdraw", args=[funded.account.slug, row.public_id]))
    row.refresh_from_db()
    assert row.state == "withdrawn"


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"quantity": "50"}, 409, "Up to 50 seats can be bought without an offer."),
        ({"quantity": "0"}, 200, "greater than or equal to 1"),
        ({"contact": "nobody"}, 200, "Enter a valid email address."),
        ({"reason": " "}, 200, "This field is required."),
    ],
)
def test_what_is_refused_leaves_nothing(
    funded: Funded, staff: Client, changed: dict[str, str], status: int, says: str
) -> None:
    refused = staff.post(act_url(funded), {**GIVEN, **changed})
    assert refused.status_code == status
    assert says in text_of(refused)
    assert nothing_happened()


def test_one_is_open_at_a_time_whoever_began_it(funded: Funded, stella: User, staff: Client, now: datetime) -> None:
    asked = ask_for_offer(
        account=funded.account, quantity=60, contact="o@acme.example", above=50, actor=funded.actor, at=now
    )
    refused = staff.post(act_url(funded), GIVEN)
    assert refused.status_code == 409
    assert str(OfferAlreadyAsked.message) in text_of(refused)
    assert list(OfferRequest.objects.all()) == [asked]
    assert not AuditEntry.objects.filter(action="offer.begun").exists()


def test_the_verb_refuses_too(funded: Funded, stella: User, now: datetime) -> None:
    actor = Actor(user=stella, door="admin")
    for quantity, reason, error in ((50, "x", QuantityWrong), (80, " ", TermsWrong)):
        with pytest.raises(error):
            begin_offer(
                account=funded.account,
                quantity=quantity,
                contact="o@acme.example",
                reason=reason,
                actor=actor,
                at=now,
                above=50,
            )
    assert nothing_happened()


def test_who_may_only_look_begins_nothing(funded: Funded) -> None:
    lea = make_user("Lea", domain="vendor.example", is_staff=True)
    lea.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    Authenticator.objects.create(user=lea, type="totp", data={"secret": "x"})
    viewer = Client()
    viewer.force_login(lea, backend=BACKEND)
    shown = text_of(viewer.get(reverse("admin:seats_signal_account", args=[funded.account.pk])))
    assert "Begin an offer" not in shown
    assert viewer.get(act_url(funded)).status_code == 403
    assert viewer.post(act_url(funded), GIVEN).status_code == 403
    assert nothing_happened()
