"""Keys: shown once, hashed, limited by their maker's role, ended at once."""

from datetime import datetime, timedelta

import pytest

from accounts.errors import KeyRefused
from accounts.keys.authenticate_key import authenticate_key
from accounts.keys.issue_api_key import issue_api_key
from accounts.keys.revoke_api_key import revoke_api_key
from accounts.models import Account, ApiKey, AuditEntry, Membership, Role
from tests.accounts.conftest import as_actor
from tests.factories.accounts import AT, ApiKeyFactory, MembershipFactory, text_of


def issue(
    person: Membership, scopes: list[str], expires_at: datetime | None = None, name: str = "HR"
) -> tuple[ApiKey, str]:
    return issue_api_key(
        account=person.account,
        name=name,
        scopes=scopes,
        expires_at=expires_at,
        membership=person,
        actor=as_actor(person),
        at=AT,
    )


def test_a_key_opens_its_account(olga: Membership) -> None:
    key, secret = issue(olga, ["seats.view", "seats.assign"], AT + timedelta(days=1))

    assert secret.startswith(f"{key.prefix}_")
    assert key.prefix.startswith("sp_test_")
    assert len(key.prefix) == 16
    assert key.scopes == ["seats.assign", "seats.view"]
    assert authenticate_key(secret, AT) == key


def test_its_text_is_kept_nowhere(olga: Membership) -> None:
    key, secret = issue(olga, ["seats.view"])

    kept = [*ApiKey.objects.values_list().get(), *AuditEntry.objects.values_list().get()]
    tail = secret.removeprefix(key.prefix)
    assert not [value for value in kept if tail in str(value)]


@pytest.mark.parametrize(
    ("scopes", "name", "end", "field"),
    [
        ([], "HR", None, "scopes"),
        (["seats.view", "keys.steal"], "HR", None, "scopes"),
        (["seats.view"], "  ", None, "name"),
        (["seats.view"], "HR", AT, "expires_at"),
    ],
)
def test_what_is_refused(olga: Membership, scopes: list[str], name: str, end: datetime | None, field: str) -> None:
    with pytest.raises(KeyRefused) as caught:
        issue(olga, scopes, end, name)

    assert caught.value.field == field
    assert ApiKey.objects.count() == 0
    assert AuditEntry.objects.count() == 0


def test_nobody_hands_on_what_they_do_not_have(acme: Account) -> None:
    manager = MembershipFactory.create(account=acme, role=Role.TEAM_MANAGER)

    with pytest.raises(KeyRefused):
        issue(manager, ["seats.buy"])

    assert ApiKey.objects.count() == 0


def test_a_revoked_key_opens_nothing(acme: Account, olga: Membership) -> None:
    key = ApiKeyFactory.create(account=acme)

    revoke_api_key(account=acme, key=key, actor=as_actor(olga), at=AT)
    revoke_api_key(account=acme, key=key, actor=as_actor(olga), at=AT + timedelta(hours=1))

    key.refresh_from_db()
    assert key.revoked_at == AT
    assert authenticate_key(text_of(key), AT) is None
    assert AuditEntry.objects.get().action == "api_key.revoked"


def test_another_accounts_key_is_not_revoked(acme: Account, olga: Membership) -> None:
    foreign = ApiKeyFactory.create()

    revoke_api_key(account=acme, key=foreign, actor=as_actor(olga), at=AT)

    foreign.refresh_from_db()
    assert foreign.revoked_at is None
    assert AuditEntry.objects.count() == 0


def test_an_ended_key_opens_nothing(acme: Account) -> None:
    key = ApiKeyFactory.create(account=acme, expires_at=AT)

    assert authenticate_key(text_of(key), AT - timedelta(seconds=1)) == key
    assert authenticate_key(text_of(key), AT) is None


def test_a_closed_accounts_key_opens_nothing(acme: Account) -> None:
    key = ApiKeyFactory.create(account=acme)
    acme.closed_at = AT
    acme.save()

    assert authenticate_key(text_of(key), AT) is None


@pytest.mark.parametrize("text", ["", "sp_test_", "nonsense", "sp_test_00000000_wrong", "\x00"])
def test_a_wrong_text_opens_nothing(acme: Account, text: str) -> None:
    ApiKeyFactory.create(account=acme, prefix="sp_test_00000000")

    assert authenticate_key(text, AT) is None


def test_its_use_is_noted_once_a_minute(acme: Account) -> None:
    key = ApiKeyFactory.create(account=acme)

    def noted() -> datetime | None:
        return ApiKey.objects.get(pk=key.pk).last_used_at

    authenticate_key(text_of(key), AT)
    assert noted() == AT
    authenticate_key(text_of(key), AT + timedelta(seconds=59))
    assert noted() == AT
    authenticate_key(text_of(key), AT + timedelta(seconds=60))
    assert noted() == AT + timedelta(seconds=60)
