"""Coming in: opening an account, joining one, a forgotten password, second factors, and the first purchase."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from playwright.sync_api import Page, expect

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member
from accounts.members.send_invitation import send_invitation
from accounts.models import Account, Invitation, Membership, Role
from billing.catalog.sync_catalog import sync_catalog
from seatportal.kit import clock
from seats.models import SeatPool
from tests.browser.conftest import Visit
from tests.browser.test_payments import type_card
from tests.conftest import PASSWORD
from tests.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)
NEW_PASSWORD = "a long and winding road"


def mailed_code() -> str:
    """The code of the newest mail."""
    found = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None
    return found.group(1)


def confirm_code(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Confirm the code").click()


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def prove_again(page: Page) -> None:
    """The password once more, before what changes how one signs in."""
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def test_a_new_customer_opens_an_account_and_finds_honest_empty_pages(transactional_db: None, visit: Visit) -> None:
    page = visit()
    page.goto("/")
    page.get_by_role("link", name="Open an account").click()
    page.get_by_label("Your name").fill("Lena Brandt")
    page.get_by_label("Organisation").fill("Lena Works")
    page.get_by_label("Email").fill("lena@works.example")
    page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Open the account").click()
    expect(page.get_by_text("A code is on its way to lena@works.example.")).to_be_visible()
    confirm_code(page, "AAAA-AAAA")
    expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
    confirm_code(page, mailed_code())

    expect(page.get_by_role("heading", name="Start with a plan")).to_be_visible()
    account = Account.objects.get(name="Lena Works")
    assert Membership.objects.get(account=account).user.email == "lena@works.example"
    for path, words in {
        "seats/add/": "There is no subscription yet",
        "seats/reduce/": "There is no subscription yet",
        "usage/": "No seats yet",
        "invoices/": "No invoices yet",
        "ledger/": "No lines yet",
        "requests/": "Nobody asks for a seat",
        "plan/": "No plan is on offer yet",
    }.items():
        page.goto(f"/a/{account.slug}/{path}")
        expect(page.get_by_role("main").get_by_role("heading", name=words)).to_be_visible()


def test_the_first_purchase_goes_over_the_payment_page_and_back(owner: Membership, desk: Desk, visit: Visit) -> None:
    desk.price()
    sync_catalog()
    page = visit(owner)
    page.goto("/")
    page.get_by_role("link", name="Choose a plan").click()
    expect(page.get_by_role("radio", name="Team")).to_be_checked()
    page.get_by_label("Seats", exact=True).fill("12")
    expect(page.get_by_text("12 seats: $580.00 per month")).to_be_visible()
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_role("heading", name="Subscribe")).to_be_visible()
    page.get_by_role("link", name="Go back without paying").click()
    expect(page.get_by_text("You left the payment page before paying.")).to_be_visible()
    assert SeatPool.objects.get(account=owner.account).purchased == 0

    page.get_by_label("Seats", exact=True).fill("12")
    page.get_by_role("button", name="Continue to payment").click()
    type_card(page, "4000 0000 0000 0002", "Pay $580.00")
    expect(page.get_by_role("alert")).to_contain_text("declined")
    type_card(page, "4242 4242 4242 4242", "Pay $580.00")

    expect(page.get_by_role("heading", name="Team is yours, with 12 seats")).to_be_visible()
    assert SeatPool.objects.get(account=owner.account).purchased == 12
    page.get_by_role("link", name="Assign the seats").click()
    expect(page.get_by_text("12 purchased · 0 assigned · 0 reserved · 12 free")).to_be_visible()


def test_an_invited_person_joins_by_the_link_of_the_mail(owner: Membership, visit: Visit) -> None:
    invitation, _ = invite_member(
        account=owner.account,
        email="nina@acme.example",
        role=Role.MEMBER,
        department=None,
        name="Nina",
        actor=Actor(user=owner.user),
        at=clock.now(),
    )
    send_invitation(invitation_id=invitation.pk, at=clock.now())
    link = re.search(r"http://\S+", str(mail.outbox[-1].body))
    assert link is not None
    page = visit()

    page.goto(link.group())
    expect(page.get_by_role("heading", name="Join Acme")).to_be_visible()
    page.get_by_role("button", name="Create your sign-in").click()
    expect(page.get_by_label("Email")).to_be_disabled()
    page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Open the account").click()

    expect(page.get_by_role("heading", name="My seat")).to_be_visible()
    joined = Membership.objects.get(user__email="nina@acme.example")
    assert (joined.account, joined.role) == (owner.account, Role.MEMBER)
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.ACCEPTED


def test_a_forgotten_password_is_replaced_by_a_mailed_code(owner: Membership, visit: Visit) -> None:
    page = visit()
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email").fill(owner.user.email)
    page.get_by_role("button", name="Send the mail").click()
    confirm_code(page, mailed_code())
    page.get_by_label("New Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("New Password (again)").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save the new password").click()

    expect(page.get_by_role("heading", name="Your password has changed")).to_be_visible()
    owner.user.refresh_from_db()
    assert owner.user.check_password(NEW_PASSWORD)


def test_an_authenticator_app_is_asked_for_from_then_on(owner: Membership, visit: Visit) -> None:
    page = visit()
    sign_in(page, owner.user.email, PASSWORD)
    page.get_by_role("heading", name="Overview").wait_for()
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Set up the app").click()
    prove_again(page)
    secret = page.get_by_role("code").inner_text()
    page.get_by_label("Authenticator code").fill(_totp(secret))
    page.get_by_role("button", name="Switch the second step on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()

    other = visit()
    sign_in(other, owner.user.email, PASSWORD)
    assert Authenticator.objects.filter(user=owner.user, type="totp").exists()
    expect(other.get_by_label("Code")).to_be_visible()


def _totp(secret: str) -> str:
    """What the app would show now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_a_passkey_is_added_and_signs_in(owner: Membership, visit: Visit) -> None:
    page = visit()
    with_a_fingerprint(page)
    sign_in(page, owner.user.email, PASSWORD)
    page.get_by_role("heading", name="Overview").wait_for()
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    prove_again(page)
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url(lambda url: not url.endswith("/add/"))
    assert Authenticator.objects.filter(user=owner.user, type="webauthn").count() == 1

    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def with_a_fingerprint(page: Page) -> None:
    """Give the browser a device that says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
