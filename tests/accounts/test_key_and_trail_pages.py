"""The pages of API keys and of the audit trail."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.keys.authenticate_key import authenticate_key
from accounts.models import Account, ApiKey, Membership
from seatportal.kit.clock import now
from tests.accounts.test_pages import errors, url
from tests.factories.accounts import (
    ApiKeyFactory,
)

# API keys


def test_a_key_is_shown_once(browser: Client, olga: Membership) -> None:
    response = browser.post(url("issue_api_key"), {"name": "HR", "scopes": ["seats.view", "seats.assign"]})

    page = response.content.decode()
    key = ApiKey.objects.get()
    secret = re.findall(rf"{key.prefix}_[\w-]+", page)[0]
    assert "no-store" in response["Cache-Control"]
    assert authenticate_key(secret, now()) == key
    assert (key.scopes, key.created_by, key.expires_at) == (["seats.assign", "seats.view"], olga, None)
    assert secret not in browser.get(url("api_keys")).content.decode()


def test_an_oauth_clients_secret_is_shown_once(browser: Client, olga: Membership) -> None:
    response = browser.post(
        url("issue_api_key"), {"name": "HR", "kind": "oauth_client", "scopes": ["seats.view", "seats.assign"]}
    )

    page = response.content.decode()
    key = ApiKey.objects.get()
    secret = re.findall(rf"{key.prefix}_[\w-]+", page)[0]
    assert "http://testserver/api/oauth/token" in page
    assert "no-store" in response["Cache-Control"]
    assert key.is_oauth_client
    assert authenticate_key(secret, now()) is None
    wish = {"grant_type": "client_credentials", "client_id": key.prefix, "client_secret": secret}
    token = Client().post("/api/oauth/token", wish).json()["access_token"]
    assert authenticate_key(token, now()) == key
    listed = browser.get(url("api_keys")).content.decode()
    assert "OAuth client" in listed
    assert secret not in listed


def test_a_keys_last_day_is_the_accounts_day(browser: Client, acme: Account) -> None:
    acme.time_zone = "Asia/Tokyo"
    acme.save()

    browser.post(url("issue_api_key"), {"name": "HR", "scopes": ["seats.view"], "ends_on": "2099-01-31"})

    ends = ApiKey.objects.get().expires_at
    assert ends is not None
    assert ends.isoformat() == "2099-01-31T15:00:00+00:00"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["all"]}, "scopes"),
        ({"ends_on": "2020-01-01"}, "ends_on"),
        ({"ends_on": "soon"}, "ends_on"),
        ({"ends_on": "9999-12-31"}, "ends_on"),
    ],
)
def test_a_bad_key_is_not_made(browser: Client, change: dict[str, Any], field: str) -> None:
    values = {"name": "HR", "scopes": ["seats.view"], "ends_on": ""} | change

    assert list(errors(browser.post(url("issue_api_key"), values))) == [field]
    assert ApiKey.objects.count() == 0


def test_a_key_is_revoked_after_a_question(browser: Client, acme: Account) -> None:
    key = ApiKeyFactory.create(account=acme)

    browser.get(url("revoke_api_key", key.public_id))
    key.refresh_from_db()
    assert key.revoked_at is None
    browser.post(url("revoke_api_key", key.public_id))

    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_key_is_rotated_with_time_to_change_over(browser: Client, olga: Membership) -> None:
    browser.post(url("issue_api_key"), {"name": "HR", "scopes": ["seats.view"]})
    old = ApiKey.objects.get()

    page = browser.get(url("rotate_api_key", old.public_id)).content.decode()
    assert "The old key still works for" in page
    response = browser.post(url("rotate_api_key", old.public_id), {"overlap_hours": "24"})

    new = ApiKey.objects.get(replaces=old)
    secret = re.findall(rf"{new.prefix}_[\w-]+", response.content.decode())[0]
    assert "no-store" in response["Cache-Control"]
    assert authenticate_key(secret, now()) == new
    old.refresh_from_db()
    assert old.expires_at is not None
    assert timedelta(hours=23) < old.expires_at - now() <= timedelta(hours=24)
    again = browser.post(url("rotate_api_key", old.public_id), {"overlap_hours": "24"})
    assert (again.status_code, ApiKey.objects.count()) == (422, 2)
    listed = browser.get(url("api_keys")).content.decode()
    assert "Replaced" in listed
    assert listed.count(">Rotate<") == 1


# The trail


def test_the_trail_is_filtered_and_taken_away(browser: Client, acme: Account) -> None:
    browser.post(url("add_place", "department"), {"department-name": "=SUM(A1)"})
    browser.post(url("add_place", "region"), {"region-name": "EU"})

    page = browser.get(url("audit_trail"), {"action": "department.added"}).content.decode()
    response = browser.get(url("audit_csv"), {"action": "department.added"})
    lines = b"".join(response).decode("utf-8-sig").splitlines()

    assert "Department added" in page
    assert "EU" not in page.split("<tbody>")[1].split("</tbody>")[0]
    assert response["Content-Disposition"] == 'attachment; filename="audit-acme.csv"'
    assert len(lines) == 2
    assert ",olga@example.com,,page,department.added,dep_" in lines[1]
    assert "'=SUM(A1)" in lines[1]


def test_a_wrong_filter_is_shown_and_takes_nothing_away(browser: Client) -> None:
    query = {"since": "2026-05-02", "until": "2026-05-01"}

    assert list(errors(browser.get(url("audit_trail"), query))) == ["until"]
    assert list(errors(browser.get(url("audit_csv"), query))) == ["until"]


def test_the_trail_is_paged(browser: Client, acme: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.views.audit_trail.PAGE_SIZE", 2)
    for name in ("one", "two", "three"):
        browser.post(url("add_place", "region"), {"region-name": name})

    first = browser.get(url("audit_trail"))
    second = browser.get(url("audit_trail"), {"before": first.context["next"].public_id})
    nonsense = browser.get(url("audit_trail"), {"before": "aud_x"})

    def names(response: Any) -> list[str]:
        return [entry.summary for entry, _label in response.context["rows"]]

    assert names(first) == names(nonsense) == ["three", "two"]
    assert names(second) == ["one"]
    assert second.context["next"] is None
