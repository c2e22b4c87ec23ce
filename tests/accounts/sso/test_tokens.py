"""What an OpenID provider sends: every way in which a token can lie, and answers that nobody asked for."""

import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from structlog.testing import capture_logs

from accounts.models import Membership, SsoConnection, User
from tests.accounts.sso.conftest import connected, proved, sign_in, who
from tests.accounts.sso.test_sign_in import nobody_new
from tests.idp import Provider, providing

pytestmark = pytest.mark.django_db


LIES: dict[str, dict[str, Any]] = {
    "another issuer in the token": {"claims": {"iss": "https://evil.example"}},
    "for another client": {"claims": {"aud": "somebody-else"}},
    "for two clients, made for the other": {"claims": {"aud": ["portal", "other"], "azp": "other"}},
    "for two clients, not said for whom": {"claims": {"aud": ["portal", "other"]}},
    "ended": {"claims": {"exp": int(time.time()) - 3600}},
    "of the future": {"claims": {"iat": int(time.time()) + 3600}},
    "without an end": {"drop": ("exp",)},
    "without a subject": {"drop": ("sub",)},
    "with an endless subject": {"claims": {"sub": "x" * 191}},
    "signed by a stranger": {"signed_with": "stranger"},
    "not signed": {"algorithm": "none"},
    "signed with the client's secret": {"algorithm": "HS256"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_right_opens_nothing(
    lie: str, okta: SsoConnection, idp: Provider, member: Membership
) -> None:
    client, users = Client(), User.objects.count()
    idp.sign_in_as("mia@acme.example")
    for name, value in LIES[lie].items():
        setattr(idp.lies, name, value)

    answer = sign_in(client, okta, idp)

    assert answer.status_code == 403
    assert "did not work" in answer.content.decode()
    assert who(client) == ""
    assert nobody_new(users)


def test_no_token_gets_into_the_log(
    okta: SsoConnection, idp: Provider, member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """allauth's error repeats the whole answer where a part of it is missing."""
    idp.sign_in_as("mia@acme.example")
    right = idp.token

    def without_access_token(form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        status, body = right(form)
        return status, {"id_token": body["id_token"], "refresh_token": "short"}

    monkeypatch.setattr(idp, "token", without_access_token)
    with capture_logs() as logs:
        assert sign_in(Client(), okta, idp).status_code == 403

    [failed] = [line for line in logs if line["event"] == "sso_failed"]
    assert "refresh_token" in failed["why"]
    assert "short" not in failed["why"]
    assert "eyJ" not in failed["why"]


def test_what_the_token_leaves_out_is_asked_for(okta: SsoConnection, idp: Provider, member: Membership) -> None:
    """Okta's tokens are thin."""
    client = Client()
    idp.sign_in_as("mia@acme.example")
    idp.lies.drop = ("email", "email_verified", "name")

    sign_in(client, okta, idp)

    assert who(client) == "mia@acme.example"
    assert "/userinfo" in idp.asked


def test_userinfo_about_somebody_else_is_refused(okta: SsoConnection, idp: Provider, member: Membership) -> None:
    client = Client()
    idp.sign_in_as("mia@acme.example")
    idp.lies.drop = ("email",)
    idp.lies.userinfo = {"sub": "another", "email": "mia@acme.example", "email_verified": True}

    assert (sign_in(client, okta, idp).status_code, who(client)) == (403, "")


def test_an_answer_serves_once(okta: SsoConnection, idp: Provider, member: Membership) -> None:
    idp.sign_in_as("mia@acme.example")
    client, thief = Client(), Client()
    back = idp.authorize(client.get(f"/sso/{okta.public_id}/start/")["Location"]).removeprefix("http://testserver")

    assert client.get(back).status_code == 302
    again = client.get(back)
    stolen = thief.get(back)

    assert (again.status_code, stolen.status_code) == (403, 403)
    assert who(thief) == ""


def test_an_answer_that_nobody_asked_for_is_refused(okta: SsoConnection, idp: Provider, member: Membership) -> None:
    idp.sign_in_as("mia@acme.example")
    asker, victim = Client(), Client()
    # Somebody else's way back, pushed at a browser that began nothing.
    back = idp.authorize(asker.get(f"/sso/{okta.public_id}/start/")["Location"]).removeprefix("http://testserver")

    answer = victim.get(back)

    assert (answer.status_code, who(victim)) == (403, "")


def test_one_tenants_answer_is_not_taken_at_anothers_door(
    okta: SsoConnection, idp: Provider, member: Membership, outsider: Membership
) -> None:
    now = timezone.now()
    proved(outsider.account, "elsewhere.example", now)
    with providing() as evil:
        theirs = connected(outsider.account, evil, now)
        client = Client()
        evil.sign_in_as("mia@acme.example")
        back = evil.authorize(client.get(f"/sso/{theirs.public_id}/start/")["Location"])
        mixed = back.removeprefix("http://testserver").replace(theirs.public_id, okta.public_id)

        at_acme = client.get(mixed)
        at_home = client.get(back.removeprefix("http://testserver"))

    assert (at_acme.status_code, at_home.status_code) == (403, 403)
    assert who(client) == ""


def test_the_same_subject_of_two_providers_is_two_people(
    okta: SsoConnection, idp: Provider, member: Membership, outsider: Membership
) -> None:
    now = timezone.now()
    idp.sign_in_as("mia@acme.example", sub="1")
    sign_in(Client(), okta, idp)
    proved(outsider.account, "elsewhere.example", now)
    with providing() as other:
        theirs = connected(outsider.account, other, now)
        client = Client()
        other.sign_in_as("oscar@elsewhere.example", sub="1")
        sign_in(client, theirs, other)

    assert who(client) == "oscar@elsewhere.example"
