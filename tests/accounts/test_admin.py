"""Staff screens: every list and page opens, what is history is read-only, and acts go through the verbs."""

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.access.actor import Actor
from accounts.directory.connect import connect_directory
from accounts.models import Account, AuditEntry, Invitation, Membership, User
from tests.accounts.conftest import browser_of
from tests.accounts.test_access import delivery_of, sso_of
from tests.factories.accounts import (
    ApiKeyFactory,
    DepartmentFactory,
    InvitationFactory,
    MembershipFactory,
    RegionFactory,
    UserFactory,
)

MODELS = [
    "account",
    "department",
    "region",
    "user",
    "membership",
    "invitation",
    "apikey",
    "idempotentanswer",
    "auditentry",
    "notice",
    "scimconnection",
    "directoryperson",
    "webhookendpoint",
    "webhookdelivery",
    "maildomain",
    "ssoconnection",
    "ssopolicy",
    "joinrequest",
    "staffkey",
]
# Seen on the page of what they belong to, without secrets.
PARTS = {"scimtoken", "webhookattempt", "webhookevent", "webhookstream"}


@pytest.fixture
def sam(db: None) -> User:
    """Staff with every right and a second factor."""
    user = UserFactory.create(email="sam@vendor.example", is_staff=True, is_superuser=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return user


@pytest.fixture
def staff(sam: User, acme: Account, olga: Membership) -> Client:
    """Sam's browser."""
    return browser_of(sam)


def change_list(model: str) -> str:
    return reverse(f"admin:accounts_{model}_changelist")


def test_every_model_has_a_screen() -> None:
    models = {model._meta.model_name: model for model in apps.get_app_config("accounts").get_models()}
    assert set(models) == {*MODELS, *PARTS}
    assert all(admin.site.is_registered(models[name]) for name in MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_pages_open(model: str, staff: Client, acme: Account, olga: Membership) -> None:
    MembershipFactory.create(
        account=acme, department=DepartmentFactory.create(account=acme), region=RegionFactory.create(account=acme)
    )
    InvitationFactory.create(account=acme, invited_by=olga)
    ApiKeyFactory.create(account=acme, created_by=olga)
    AuditEntry.objects.create(account=acme, user=olga.user, door="page", action="seat.assigned")
    delivery_of(acme)
    sso_of(acme)
    connect_directory(
        account=acme, name="Okta", membership=olga, actor=Actor(user=olga.user, door="page"), at=timezone.now()
    )
    row = apps.get_model("accounts", model).objects.first()

    assert staff.get(change_list(model), {"q": "acme"}).status_code == 200
    if row is not None:
        page = staff.get(reverse(f"admin:accounts_{model}_change", args=[row.pk]))
        assert page.status_code == 200
        text = page.content.decode()
        assert not [
            name
            for name in ("secret_hash", "token_hash", "nonce", "secret_sealed")
            if getattr(row, name, "\x00") in text
        ]


@pytest.mark.parametrize("model", ["auditentry", "membership", "invitation", "apikey", "department"])
def test_history_is_read_only(model: str, staff: Client, acme: Account, olga: Membership) -> None:
    assert staff.get(reverse(f"admin:accounts_{model}_add")).status_code == 403
    AuditEntry.objects.create(account=acme, user=olga.user, door="page", action="seat.assigned")
    row = apps.get_model("accounts", model).objects.first()
    if row is not None:
        assert staff.post(reverse(f"admin:accounts_{model}_change", args=[row.pk]), {}).status_code == 403
        assert staff.post(reverse(f"admin:accounts_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    "name", ["account_emailaddress", "mfa_authenticator", "usersessions_usersession", "socialaccount_socialaccount"]
)
def test_the_sign_ins_own_screens_keep_secrets(name: str, staff: Client, sam: User) -> None:
    factor = Authenticator.objects.create(user=sam, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "hush-hush"})

    assert staff.get(reverse(f"admin:{name}_changelist"), {"q": "sam"}).status_code == 200
    page = staff.get(reverse("admin:mfa_authenticator_change", args=[factor.pk])).content.decode()
    assert "hush-hush" not in page
    assert staff.get(reverse("admin:mfa_authenticator_add")).status_code == 403
    assert staff.get(reverse("admin:account_emailaddress_add")).status_code == 403


def test_an_accounts_notes_go_through_the_verb(staff: Client, sam: User, acme: Account) -> None:
    values = {
        "name": "Acme",
        "locale": "en",
        "time_zone": "UTC",
        "industry": "",
        "use_case": "design",
        "owner_name": "Sam",
    }

    response = staff.post(reverse("admin:accounts_account_change", args=[acme.pk]), values)

    assert response.status_code == 302
    acme.refresh_from_db()
    assert (acme.use_case, acme.owner_name) == ("design", "Sam")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.user, entry.door, sorted(entry.data)) == (
        "account.changed",
        sam,
        "admin",
        ["owner_name", "use_case"],
    )


def act(staff: Client, model: str, action: str, *rows: Account | Membership | Invitation) -> str:
    response = staff.post(
        change_list(model), {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True
    )
    return response.content.decode()


def test_a_rescue_by_making_an_owner(staff: Client, sam: User, acme: Account, mia: Membership) -> None:
    act(staff, "membership", "make_owner", mia)

    mia.refresh_from_db()
    assert mia.role == "owner"
    assert AuditEntry.objects.get().user == sam


def test_a_refusal_is_told_and_stops_nobody_else(staff: Client, olga: Membership, mia: Membership) -> None:
    page = act(staff, "membership", "remove", olga, mia)

    olga.refresh_from_db()
    mia.refresh_from_db()
    assert olga.left_at is None
    assert mia.left_at is not None
    assert "An account needs an owner." in page


def test_an_invitation_is_withdrawn(staff: Client, acme: Account) -> None:
    invitation = InvitationFactory.create(account=acme)

    act(staff, "invitation", "withdraw", invitation)

    invitation.refresh_from_db()
    assert invitation.state == "revoked"


def test_staff_without_the_right_cannot_act(acme: Account, olga: Membership, mia: Membership) -> None:
    from django.contrib.auth.models import Permission

    helper = UserFactory.create(is_staff=True)
    Authenticator.objects.create(user=helper, type=Authenticator.Type.TOTP, data={"secret": "x"})
    helper.user_permissions.add(Permission.objects.get(codename="view_membership"))
    browser = browser_of(helper)

    assert browser.get(change_list("membership")).status_code == 200
    act(browser, "membership", "remove", mia)

    mia.refresh_from_db()
    assert mia.left_at is None


def test_only_superusers_give_rights(acme: Account, olga: Membership) -> None:
    from django.contrib.auth.models import Permission

    helper = UserFactory.create(is_staff=True)
    Authenticator.objects.create(user=helper, type=Authenticator.Type.TOTP, data={"secret": "x"})
    helper.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    values = {
        "name": "Olga",
        "locale": "en",
        "time_zone": "",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }

    response = browser_of(helper).post(reverse("admin:accounts_user_change", args=[olga.user.pk]), values)

    olga.user.refresh_from_db()
    assert response.status_code == 302
    assert (olga.user.is_staff, olga.user.is_superuser) == (False, False)


def test_the_list_of_users_offers_to_view_as_customers_only(staff: Client, sam: User, olga: Membership) -> None:
    page = staff.get(change_list("user")).content.decode()

    assert f'data-hijack-user="{olga.user.pk}"' in page
    assert f'data-hijack-user="{sam.pk}"' not in page
