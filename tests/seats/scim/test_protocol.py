"""Filters, pages, ETags, bulk, errors, other accounts."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.access.actor import Actor
from accounts.directory.connect import revoke_connection, rotate_token
from accounts.models import Account, AuditEntry, Department, DirectoryPerson, Membership
from tests.directory import BULK, ENTERPRISE, PATCH, SEAT, USER, Directory, new_user

pytestmark = pytest.mark.django_db


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [user["userName"].partition("@")[0] for user in answer.json()["Resources"]]


@pytest.fixture
def four(okta: Directory) -> dict[str, str]:
    """Four people beside the owner, by name."""
    people: dict[str, dict[str, Any]] = {
        "ada": {"title": "Lead", ENTERPRISE: {"department": "Design"}, "externalId": "X1"},
        "bea": {"title": "Designer", ENTERPRISE: {"department": "Design"}},
        "cem": {"title": "Lead of sales", "externalId": "x1"},
        "dan": {"active": False},
    }
    return {name: okta.add(name, **more).json()["id"] for name, more in people.items()}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ('userName eq "ADA@acme.example"', ["ada"]),
        ('userName ne "ada@acme.example"', ["olivia", "bea", "cem", "dan"]),
        ('userName sw "a"', ["ada"]),
        ('userName co "ACME"', ["olivia", "ada", "bea", "cem", "dan"]),
        ('userName ew "m@acme.example"', ["cem"]),
        ('externalId eq "X1"', ["ada"]),
        ("externalId pr", ["ada", "cem"]),
        ("not (externalId pr)", ["olivia", "bea", "dan"]),
        ("active eq true", ["olivia", "ada", "bea", "cem"]),
        ("active eq false", ["dan"]),
        ('active eq "False"', ["dan"]),
        ('title sw "lead" and active eq true', ["ada", "cem"]),
        ('title eq "Designer" or title eq "Lead"', ["ada", "bea"]),
        ('(title sw "lead" or title sw "des") and not (userName sw "c")', ["ada", "bea"]),
        ('name.givenName eq "bea"', ["bea"]),
        ('emails eq "Bea@acme.example"', ["bea"]),
        ('emails.value eq "bea@acme.example"', ["bea"]),
        ('emails[type eq "work" and value eq "bea@acme.example"]', ["bea"]),
        ('emails[type eq "home"]', []),
        (f'{ENTERPRISE}:department eq "design"', ["ada", "bea"]),
        (f'{SEAT}:state eq "seated"', ["ada", "bea", "cem"]),
        ('entitlements.value eq "no_seat"', ["olivia"]),
        ('meta.lastModified gt "2020-01-01T00:00:00Z"', ["olivia", "ada", "bea", "cem", "dan"]),
        ('meta.created lt "2020-01-01T00:00:00Z"', []),
        ("title eq null", ["olivia", "dan"]),
        ('title eq "100%"', []),
    ],
)
def test_filters(okta: Directory, four: dict[str, str], wanted: str, found: list[str]) -> None:
    answer = okta.find("Users", wanted)
    assert names(answer) == found
    assert answer.json()["totalResults"] == len(found)


def test_groups_are_found(okta: Directory, four: dict[str, str]) -> None:
    group = okta.find("Groups", 'displayName eq "DESIGN"').json()["Resources"][0]

    assert sorted(m["value"] for m in group["members"]) == sorted([four["ada"], four["bea"]])
    assert okta.find("Groups", f'members.value eq "{four["bea"]}"').json()["totalResults"] == 1
    assert okta.find("Groups", f'members.value eq "{four["cem"]}"').json()["totalResults"] == 0
    assert names(okta.find("Users", f'groups.value eq "{group["id"]}"')) == ["ada", "bea"]


@pytest.mark.parametrize(
    "wanted",
    [
        'userName gt "a"',
        'emails.value co "acme"',
        'emails[value sw "a"]',
        'groups co "x"',
        "userName eq",
        'nothing eq "x"',
        "(" * 60 + "title pr" + ")" * 60 + " and",
        " or ".join(["title pr"] * 60),
        'title eq "' + "x" * 2100 + '"',
        'active gt "x"',
        'meta.created gt "yesterday"',
    ],
)
def test_a_filter_that_is_not_supported_is_refused(okta: Directory, wanted: str) -> None:
    answer = okta.find("Users", wanted)
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")
    assert answer.json()["detail"]


def test_pages_are_bounded(okta: Directory, acme: Account) -> None:
    at = timezone.now()
    DirectoryPerson.objects.bulk_create(
        [DirectoryPerson(account=acme, user_name=f"p{n:03}", changed_at=at) for n in range(250)]
    )

    first = okta.get("Users").json()
    most = okta.get("Users?count=10000").json()
    last = okta.get("Users?startIndex=201&count=100").json()

    assert (first["totalResults"], first["itemsPerPage"], first["startIndex"]) == (251, 100, 1)
    assert most["itemsPerPage"] == 200
    assert (last["itemsPerPage"], last["startIndex"], last["Resources"][-1]["userName"]) == (51, 201, "p249")
    assert okta.get("Users?count=0").json()["totalResults"] == 251
    assert okta.get("Users?sortBy=userName").status_code == 501


def test_a_search_at_the_root_finds_both_kinds(okta: Directory, four: dict[str, str]) -> None:
    found = okta.ask("POST", ".search", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}).json()

    assert [each["meta"]["resourceType"] for each in found["Resources"]] == ["User"] * 5 + ["Group"]
    assert okta.get("?startIndex=5&count=2").json()["Resources"][-1]["displayName"] == "Design"
    assert okta.find("", 'displayName eq "Design"').json()["totalResults"] == 1


def test_the_size_of_a_list_does_not_change_its_number_of_queries(
    okta: Directory, four: dict[str, str], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(6):
        okta.get("Users")


def test_etags(okta: Directory, four: dict[str, str]) -> None:
    url = f"Users/{four['ada']}"
    read = okta.get(url)
    tag = read["ETag"]
    assert read.json()["meta"]["version"] == tag
    assert okta.get(url, If_None_Match=tag).status_code == 304

    change = {"op": "replace", "path": "title", "value": "CTO"}
    good = okta.patch("Users", four["ada"], change, If_Match=tag)
    late = okta.patch("Users", four["ada"], change | {"value": "CFO"}, If_Match=tag)
    gone = okta.ask("DELETE", url, If_Match=tag)

    assert (good.status_code, late.status_code, gone.status_code) == (200, 412, 412)
    assert okta.get(url).json()["title"] == "CTO"
    assert okta.get(url, If_None_Match=tag).status_code == 200


def test_a_seat_that_comes_changes_the_version(okta: Directory, acme: Account) -> None:
    keys = [okta.add(f"p{n}").json()["id"] for n in range(6)]
    before = okta.get(f"Users/{keys[5]}")["ETag"]

    okta.set_active(keys[0], False)

    assert okta.get(f"Users/{keys[5]}", If_None_Match=before).status_code == 200


def test_bulk(okta: Directory, acme: Account) -> None:
    answer = okta.ask(
        "POST",
        "Bulk",
        {
            "schemas": [BULK],
            "Operations": [
                {"method": "POST", "path": "/Users", "bulkId": "a", "data": new_user("Ada")},
                {"method": "POST", "path": "/Users", "bulkId": "b", "data": new_user("Ada")},
                {
                    "method": "POST",
                    "path": "/Groups",
                    "bulkId": "c",
                    "data": {
                        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                        "displayName": "Design",
                        "members": [{"value": "bulkId:a"}],
                    },
                },
                {"method": "DELETE", "path": "/Users/per_unknown"},
            ],
        },
    )

    assert answer.status_code == 200
    assert [each["status"] for each in answer.json()["Operations"]] == ["201", "409", "201", "404"]
    assert Membership.objects.get(account=acme, user__email="ada@acme.example").department == Department.objects.get(
        account=acme
    )


def test_too_many_operations_are_refused_whole(okta: Directory, acme: Account) -> None:
    one = {"method": "POST", "path": "/Users", "bulkId": "a", "data": new_user("Ada")}
    answer = okta.ask("POST", "Bulk", {"schemas": [BULK], "Operations": [one | {"bulkId": f"{n}"} for n in range(201)]})

    assert answer.status_code == 413
    assert DirectoryPerson.objects.filter(account=acme).count() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"[" * 50_000, 400),
        (b'{"schemas": [], "userName": 5}', 400),
        (b'{"userName": "a\\u0000b"}', 400),
        (b'{"userName": "\\ud800"}', 400),
        (b"\xff\xfe", 400),
        (b" " * 1_100_000, 413),
    ],
)
def test_garbage_is_refused(okta: Directory, acme: Account, body: bytes, status: int) -> None:
    answer = okta.client.generic(
        "POST",
        "/scim/v2/Users",
        body,
        content_type="application/scim+json",
        headers={"Authorization": f"Bearer {okta.secret}"},
    )

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/scim+json"
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert DirectoryPerson.objects.filter(account=acme).count() == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"userName": "x" * 255}, "user_name"),
        ({"userName": " "}, "userName"),
        ({"title": "x" * 81}, "title"),
        ({ENTERPRISE: {"department": "x" * 81}}, "department"),
        ({ENTERPRISE: {"manager": {"value": "per_unknown"}}}, "manager"),
        ({"emails": [{"value": f"a{n}@acme.example"} for n in range(11)]}, "e-mail"),
    ],
)
def test_what_cannot_be_kept_is_said(okta: Directory, acme: Account, more: dict[str, Any], field: str) -> None:
    answer = okta.add("Lena", **more)

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert field in answer.json()["detail"]
    assert not Membership.objects.filter(account=acme, user__email="lena@acme.example").exists()
    assert not Department.objects.filter(account=acme).exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("userName", "name", "emails", "active", "displayName", "externalId", "title", ENTERPRISE, SEAT, "groups")
OPS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove", "move"]) | JSON},
    optional={
        "path": st.sampled_from([*FIELDS, "emails[type eq", 'emails[type eq "work"].value', "members", "x.y.z"]) | JSON,
        "value": JSON,
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    user=st.fixed_dictionaries({"schemas": st.just([USER]) | JSON}, optional=dict.fromkeys(FIELDS, JSON)),
    operations=st.lists(OPS, max_size=3) | JSON,
    anything=JSON,
    wanted=st.text(max_size=40) | st.sampled_from(['userName eq "\0"', "a[b", "title pr and", 'id eq "\ud7ff"']),
)
def test_no_body_breaks_anything(okta: Directory, user: Any, operations: Any, anything: Any, wanted: str) -> None:
    key = DirectoryPerson.objects.filter(account=okta.account).order_by("pk")[0].public_id
    answers = [
        okta.ask("POST", "Users", user),
        okta.ask("PUT", f"Users/{key}", user),
        okta.ask("PATCH", f"Users/{key}", {"schemas": [PATCH], "Operations": operations}),
        okta.ask("PATCH", f"Users/{key}", anything),
        okta.ask("POST", "Groups", anything),
        okta.ask("POST", "Groups", user | {"displayName": anything, "members": operations}),
        okta.ask("POST", "Bulk", {"schemas": [BULK], "Operations": operations}),
        okta.ask("POST", ".search", anything),
        okta.find("Users", wanted),
        okta.find("Groups", wanted, count=wanted, attributes=wanted),
    ]

    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    assert Membership.objects.get(account=okta.account, role="owner").left_at is None


def test_another_accounts_ids_are_not_there(okta: Directory, elsewhere: Directory, outsider: Membership) -> None:
    other = elsewhere.add("Eve", domain="elsewhere.example").json()["id"]
    group = elsewhere.group("Theirs", other).json()["id"]
    mine = okta.add("Lena").json()["id"]
    before = list(DirectoryPerson.objects.filter(account=outsider.account).order_by("pk").values())

    answers = [
        okta.get(f"Users/{other}"),
        okta.ask("PUT", f"Users/{other}", new_user("Mallory")),
        okta.set_active(other, False),
        okta.ask("DELETE", f"Users/{other}"),
        okta.get(f"Groups/{group}"),
        okta.patch("Groups", group, {"op": "replace", "path": "displayName", "value": "Mine"}),
        okta.ask("DELETE", f"Groups/{group}"),
    ]
    foreign_member = okta.group("Ours", other)
    foreign_boss = okta.add("Max", **{ENTERPRISE: {"manager": {"value": other}}})

    assert [answer.status_code for answer in answers] == [404] * 7
    assert (foreign_member.status_code, foreign_boss.status_code) == (400, 400)
    assert names(okta.get("Users")) == ["olivia", "lena"]
    assert okta.get("Groups").json()["totalResults"] == 0
    assert okta.find("Users", f'groups.value eq "{group}"').json()["totalResults"] == 0
    assert elsewhere.find("Groups", f'members.value eq "{mine}"').json()["totalResults"] == 0
    assert list(DirectoryPerson.objects.filter(account=outsider.account).order_by("pk").values()) == before
    assert not AuditEntry.objects.filter(account=outsider.account, directory=okta.connection).exists()


@pytest.mark.parametrize("secret", ["", "sp_scim_00000000_x", "sp_test_00000000_x", "é", "x" * 5000])
def test_without_a_good_token_nobody_gets_in(okta: Directory, secret: str) -> None:
    stranger = Directory(secret, okta.connection)

    for answer in (stranger.get("Users"), stranger.add("Mallory"), stranger.get("ServiceProviderConfig")):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == 'Bearer realm="SCIM"'
        assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert DirectoryPerson.objects.filter(account=okta.account).count() == 1


def test_a_browsers_session_opens_nothing(okta: Directory, owner: Membership, client_of: Any) -> None:
    browser: Client = client_of(owner)
    assert browser.get("/scim/v2/Users").status_code == 401


def test_after_a_change_both_tokens_work_for_a_day(okta: Directory, actor: Actor) -> None:
    at = timezone.now()
    secret = rotate_token(account=okta.account, connection=okta.connection, actor=actor, at=at)
    new = Directory(secret, okta.connection)
    assert (okta.get("Users").status_code, new.get("Users").status_code) == (200, 200)

    okta.connection.tokens.filter(ends_at__isnull=False).update(ends_at=at - timedelta(seconds=1))
    assert (okta.get("Users").status_code, new.get("Users").status_code) == (401, 200)

    revoke_connection(account=okta.account, connection=okta.connection, actor=actor, at=at)
    assert new.get("Users").status_code == 401


def test_too_many_requests_are_held_back(okta: Directory, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from rest_framework.settings import api_settings

    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "scim", "2/min")

    answers = [okta.get("Users") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) >= 1
    assert answers[2].json()["status"] == "429"


@pytest.mark.parametrize("path", ["Nothing", "Users/x/y", "Me", "Schemas/x", "Users%00/x"])
def test_what_is_not_there(okta: Directory, path: str) -> None:
    answer = okta.get(path)
    assert answer.status_code in (400, 404, 501)
    assert answer["Content-Type"] == "application/scim+json"
