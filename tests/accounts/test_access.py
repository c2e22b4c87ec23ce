"""Every account page: visitors sign in first, strangers get 404, a missing right gets 403 with names."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from accounts.access.pages import AccountRequest, public, requires, signed_in
from accounts.models import (
    Account,
    JoinRequest,
    MailDomain,
    Membership,
    Role,
    ScimConnection,
    SsoConnection,
    SsoPolicy,
    User,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from accounts.urls import urlpatterns
from tests.accounts.conftest import browser_of
from tests.factories.accounts import (
    ApiKeyFactory,
    DepartmentFactory,
    InvitationFactory,
    MembershipFactory,
    UserFactory,
)

CAPABILITY = {
    "settings": "account.manage",
    "structure": "account.manage",
    "rename_place": "account.manage",
    "people": "members.manage",
    "invite": "members.manage",
    "person": "members.manage",
    "remove_member": "members.manage",
    "api_keys": "keys.manage",
    "issue_api_key": "keys.manage",
    "rotate_api_key": "keys.manage",
    "revoke_api_key": "keys.manage",
    "directories": "keys.manage",
    "connect_directory": "keys.manage",
    "rotate_directory": "keys.manage",
    "disconnect_directory": "keys.manage",
    "webhooks": "webhooks.manage",
    "add_webhook": "webhooks.manage",
    "webhook": "webhooks.manage",
    "change_webhook": "webhooks.manage",
    "rotate_webhook": "webhooks.manage",
    "delete_webhook": "webhooks.manage",
    "webhook_delivery": "webhooks.manage",
    "sign_in_settings": "account.manage",
    "add_domain": "account.manage",
    "domain": "account.manage",
    "remove_domain": "account.manage",
    "add_oidc": "account.manage",
    "add_saml": "account.manage",
    "sso_connection": "account.manage",
    "change_sso": "account.manage",
    "delete_sso": "account.manage",
    "join_requests": "members.manage",
    "audit_trail": "audit.view",
    "audit_csv": "audit.view",
}
POSTS = {
    "resend_invitation",
    "revoke_invitation",
    "set_role",
    "set_details",
    "add_place",
    "delete_place",
    "switch_webhook",
    "test_webhook",
    "replay_webhook",
    "replay_missed_webhooks",
    "check_domain",
    "switch_sso",
    "approve_join",
    "refuse_join",
}
OTHERS = {
    "home",
    "my_accounts",
    "set_theme",
    "profile",
    "accept_invitation",
    "leave",
    "single_sign_on",
    "sso_start",
    "sso_callback",
    "saml_acs",
    "saml_finish",
    "saml_metadata",
    "open_mail",
}


def directory_of(account: Account) -> ScimConnection:
    """A directory that speaks for the account's people."""
    return ScimConnection.objects.create(account=account, name="Okta")


def delivery_of(account: Account) -> WebhookDelivery:
    """A webhook that is on its way to an endpoint."""
    endpoint = WebhookEndpoint.objects.create(account=account, url="https://hr.example/hook", nonce="n" * 16)
    event = WebhookEvent.objects.create(account=account, type="member.left", at=timezone.now())
    return WebhookDelivery.objects.create(account=account, endpoint=endpoint, event=event, next_try_at=event.at)


def sso_of(account: Account) -> dict[str, str]:
    """A domain, an identity provider and somebody who waits; their public ids."""
    domain, _ = MailDomain.objects.get_or_create(account=account, name="acme.example", defaults={"token": "t" * 43})
    connection, _ = SsoConnection.objects.get_or_create(
        account=account, kind="oidc", issuer="https://acme.okta.example", defaults={"secret_sealed": "sealed-secret"}
    )
    SsoPolicy.objects.get_or_create(account=account)
    asked, _ = JoinRequest.objects.get_or_create(
        account=account, email="lena@acme.example", defaults={"connection": connection, "asked_at": timezone.now()}
    )
    return {"domain": domain.public_id, "sso": connection.public_id, "join": asked.public_id}


def url_of(name: str, account: Account) -> str:
    """A real address: its objects exist, so that a leak would show."""
    department = DepartmentFactory.create(account=account)
    arguments: dict[str, Callable[[], list[str]]] = {
        "person": lambda: [MembershipFactory.create(account=account).public_id],
        "remove_member": lambda: [MembershipFactory.create(account=account).public_id],
        "set_role": lambda: [MembershipFactory.create(account=account).public_id],
        "set_details": lambda: [MembershipFactory.create(account=account).public_id],
        "resend_invitation": lambda: [InvitationFactory.create(account=account).public_id],
        "revoke_invitation": lambda: [InvitationFactory.create(account=account).public_id],
        "add_place": lambda: ["department"],
        "rename_place": lambda: ["department", department.public_id],
        "delete_place": lambda: ["department", department.public_id],
        "rotate_api_key": lambda: [ApiKeyFactory.create(account=account).public_id],
        "revoke_api_key": lambda: [ApiKeyFactory.create(account=account).public_id],
        **dict.fromkeys(("rotate_directory", "disconnect_directory"), lambda: [directory_of(account).public_id]),
        **dict.fromkeys(("domain", "check_domain", "remove_domain"), lambda: [sso_of(account)["domain"]]),
        **dict.fromkeys(("sso_connection", "change_sso", "switch_sso", "delete_sso"), lambda: [sso_of(account)["sso"]]),
        **dict.fromkeys(("approve_join", "refuse_join"), lambda: [sso_of(account)["join"]]),
        **dict.fromkeys(
            (
                "webhook",
                "change_webhook",
                "rotate_webhook",
                "delete_webhook",
                "switch_webhook",
                "test_webhook",
                "replay_missed_webhooks",
            ),
            lambda: [delivery_of(account).endpoint.public_id],
        ),
        **dict.fromkeys(
            ("webhook_delivery", "replay_webhook"),
            lambda: [(row := delivery_of(account)).endpoint.public_id, row.public_id],
        ),
    }
    return reverse(f"accounts:{name}", args=[account.slug, *arguments.get(name, lambda: [])()])


def test_every_url_is_in_one_of_the_lists() -> None:
    assert {route.name for route in urlpatterns} == {*CAPABILITY, *POSTS, *OTHERS}


@pytest.mark.parametrize("name", sorted({*CAPABILITY, *POSTS}))
def test_visitor_stranger_and_member(name: str, acme: Account, olga: Membership, charlie: User) -> None:
    url = url_of(name, acme)
    method = "post" if name in POSTS else "get"
    member = MembershipFactory.create(account=acme, role=Role.MEMBER)

    visitor = getattr(Client(), method)(url)
    stranger = getattr(browser_of(charlie), method)(url)
    refused = getattr(browser_of(member.user), method)(url)

    assert (visitor.status_code, visitor["Location"].split("?")[0]) == (302, reverse("account_login"))
    assert stranger.status_code == 404
    assert refused.status_code == 403
    assert "Olga" in refused.content.decode()


@pytest.mark.parametrize("name", sorted(CAPABILITY))
def test_an_owner_sees_every_page(name: str, acme: Account, olga: Membership) -> None:
    response = browser_of(olga.user).get(url_of(name, acme))

    assert response.status_code == 200


@pytest.mark.parametrize("name", sorted(POSTS))
def test_what_changes_something_takes_no_get(name: str, acme: Account, olga: Membership) -> None:
    assert browser_of(olga.user).get(url_of(name, acme)).status_code == 405


@pytest.mark.parametrize("name", sorted({*CAPABILITY, *POSTS} - {"settings", "structure", "people", "invite"}))
def test_another_accounts_things_are_not_found_by_an_owner(
    name: str, acme: Account, olga: Membership, charlie: User
) -> None:
    other = Account.objects.get(slug="other")
    foreign = url_of(name, other).replace("/a/other/", "/a/acme/")
    browser = browser_of(olga.user)

    response = browser.post(foreign) if name in POSTS else browser.get(foreign)

    has_object = name not in {
        "api_keys",
        "issue_api_key",
        "audit_trail",
        "audit_csv",
        "add_place",
        "directories",
        "connect_directory",
        "webhooks",
        "add_webhook",
        "sign_in_settings",
        "add_domain",
        "add_oidc",
        "add_saml",
        "join_requests",
    }
    assert response.status_code == 404 if has_object else response.status_code != 404


def test_the_billing_role_sees_the_trail_and_no_more(acme: Account, olga: Membership) -> None:
    browser = browser_of(MembershipFactory.create(account=acme, role=Role.BILLING).user)

    allowed = {name for name in CAPABILITY if browser.get(url_of(name, acme)).status_code == 200}

    assert allowed == {"audit_trail", "audit_csv"}


def test_a_closed_account_is_not_found(acme: Account, olga: Membership) -> None:
    acme.closed_at = timezone.now()
    acme.save()

    assert browser_of(olga.user).get(reverse("accounts:people", args=["acme"])).status_code == 404


def test_a_person_who_left_is_a_stranger(acme: Account, olga: Membership) -> None:
    olga.left_at = timezone.now()
    olga.save()

    assert browser_of(olga.user).get(reverse("accounts:people", args=["acme"])).status_code == 404


def test_doors_say_their_rule() -> None:
    @requires("seats.view")
    def page(request: AccountRequest) -> HttpResponse:
        return HttpResponse()

    @requires(None)
    def own(request: AccountRequest) -> HttpResponse:
        return HttpResponse()

    @signed_in
    def mine(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    @public
    def front(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    rules = [vars(door)["access_rule"] for door in (page, own, mine, front)]

    assert rules == ["seats.view", "member", "signed_in", "public"]


def test_a_capability_that_does_not_exist_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match=r"seats\.steal"):
        requires("seats.steal")


@pytest.mark.django_db
def test_a_staff_member_is_a_stranger_too(acme: Account) -> None:
    request = RequestFactory().get("/")
    request.user = UserFactory.create(is_staff=True, is_superuser=True)

    @requires(None)
    def page(request: AccountRequest) -> HttpResponse:
        return HttpResponse()

    with pytest.raises(Http404):
        page(request, account_slug="acme")
    request.user = AnonymousUser()
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    assert page(request, account_slug="acme").status_code == 302
