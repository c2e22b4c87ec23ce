"""What Okta and Entra send, in the shapes that their public documentation shows."""

from urllib.parse import quote

import pytest

from accounts.models import Account, Department, Membership
from seats.holders.queries import open_seats
from tests.directory import ENTERPRISE, GROUP, PATCH, USER, Directory, person

pytestmark = pytest.mark.django_db


def test_okta_from_its_connection_test_to_the_deactivation(okta: Directory, acme: Account) -> None:
    assert okta.get("Users?startIndex=1&count=2").json()["totalResults"] == 1
    assert okta.find("Users", 'userName eq "lena@acme.example"', startIndex="1", count="100").json()["Resources"] == []
    body = {
        "schemas": [USER],
        "userName": "lena@acme.example",
        "name": {"givenName": "Lena", "familyName": "Ford"},
        "emails": [{"primary": True, "value": "lena@acme.example", "type": "work"}],
        "displayName": "Lena Ford",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    made = okta.ask("POST", "Users", body)
    assert made.status_code == 201
    key = made.json()["id"]
    assert "password" not in made.json()

    read = okta.get(f"Users/{key}").json()
    changed = okta.ask("PUT", f"Users/{key}", read | {"name": {"givenName": "Lena", "familyName": "Frank"}})
    assert changed.status_code == 200
    assert changed.json()["name"]["familyName"] == "Frank"
    assert person(key).external_id == "00ujl29u0le5T6Aj10h7"

    off = okta.patch("Users", key, {"op": "replace", "value": {"active": False}})
    assert (off.status_code, off.json()["active"]) == (200, False)
    assert not open_seats(acme).exists()
    on = okta.ask("PUT", f"Users/{key}", changed.json() | {"active": True})
    assert (on.status_code, on.json()["active"]) == (200, True)
    assert okta.state(key) == (True, "seated")


def test_okta_pushes_a_group(okta: Directory, acme: Account) -> None:
    lena, mara = okta.add("Lena").json()["id"], okta.add("Mara").json()["id"]
    assert okta.find("Groups", 'displayName eq "Design"').json()["totalResults"] == 0
    group = okta.ask("POST", "Groups", {"schemas": [GROUP], "displayName": "Design", "members": []}).json()["id"]

    renamed = okta.patch(
        "Groups", group, {"op": "replace", "value": {"id": group, "displayName": "Design and Research"}}
    )
    filled = okta.patch(
        "Groups",
        group,
        {"op": "add", "path": "members", "value": [{"value": lena, "display": "lena"}, {"value": mara}]},
    )
    less = okta.patch("Groups", group, {"op": "remove", "path": f'members[value eq "{lena}"]'})

    assert [answer.status_code for answer in (renamed, filled, less)] == [204, 204, 204]
    department = Department.objects.get(account=acme)
    assert department.name == "Design and Research"
    members = Membership.objects.filter(department=department)
    assert [member.user.email for member in members] == ["mara@acme.example"]
    assert okta.get(f"Users/{mara}").json()["groups"] == [
        {
            "value": group,
            "$ref": f"http://testserver/scim/v2/Groups/{group}",
            "display": "Design and Research",
        }
    ]
    assert okta.ask("DELETE", f"Groups/{group}").status_code == 204
    assert not Department.objects.filter(account=acme).exists()
    assert Membership.objects.get(user__email="mara@acme.example").department is None


def test_entra_creates_changes_and_disables(okta: Directory, acme: Account) -> None:
    assert okta.find("Users", 'userName eq "nobody-7d1c"').json()["totalResults"] == 0
    body = {
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Lena.Ford@Acme.example",
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": "Lena.Ford@acme.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Lena Ford", "familyName": "Ford", "givenName": "Lena"},
        "roles": [],
        "phoneNumbers": [{"type": "mobile", "value": "+1 555"}],
        ENTERPRISE: {"department": "Design", "employeeNumber": "7"},
    }
    made = okta.ask("POST", "Users", body)
    assert made.status_code == 201
    key = made.json()["id"]
    boss = okta.add("Boss").json()["id"]

    # Capital letters, text for booleans, a path for what is not there yet, a bare id for the manager.
    changed = okta.patch(
        "Users",
        key,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "lena.frank@acme.example"},
        {"op": "Replace", "path": "name.familyName", "value": "Frank"},
        {"op": "Add", "path": "title", "value": "Lead"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": boss},
        {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Research"},
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+1 556"},
    )
    assert changed.status_code == 200, changed.content
    user = changed.json()
    assert (user["name"]["familyName"], user["title"]) == ("Frank", "Lead")
    assert user["emails"] == [{"value": "lena.frank@acme.example", "type": "work", "primary": True}]
    assert user[ENTERPRISE]["manager"]["value"] == boss
    member = Membership.objects.get(account=acme, user=person(key).user)
    assert member.department is not None
    assert (member.title, member.department.name) == ("Lead", "Research")
    assert member.manager == Membership.objects.get(account=acme, user=person(boss).user)
    ring = okta.patch("Users", boss, {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": {"value": key}})
    assert ring.status_code == 200
    assert Membership.objects.get(account=acme, user=person(boss).user).manager is None
    assert member.user.email == "lena.frank@acme.example"

    for wanted in (
        'userName eq "lena.ford@acme.example"',
        'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
        'emails[type eq "work"].value eq "lena.frank@acme.example"',
        'emails[type eq "work" and value eq "LENA.FRANK@acme.example"]',
    ):
        found = okta.get(f"Users?filter={quote(wanted)}")
        assert [each["id"] for each in found.json()["Resources"]] == [key], wanted

    off = okta.patch("Users", key, {"op": "Replace", "path": "active", "value": "False"})
    assert (off.status_code, off.json()["active"]) == (200, False)
    assert okta.find("Users", 'userName eq "Lena.Ford@Acme.example"').json()["Resources"][0]["active"] is False
    assert okta.patch("Users", key, {"op": "Replace", "path": "active", "value": "True"}).json()["active"] is True
    assert okta.ask("DELETE", f"Users/{key}").status_code == 204


def test_entra_fills_a_group_member_by_member(okta: Directory, acme: Account) -> None:
    lena, mara = okta.add("Lena").json()["id"], okta.add("Mara").json()["id"]
    made = okta.ask(
        "POST",
        "Groups",
        {
            "schemas": [GROUP],
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
            "displayName": "Design",
            "meta": {"resourceType": "Group"},
        },
    )
    group = made.json()["id"]
    assert okta.get(f"Groups/{group}?excludedAttributes=members").json()["displayName"] == "Design"

    for key in (lena, mara):
        answer = okta.ask(
            "PATCH",
            f"Groups/{group}",
            {
                "schemas": [PATCH],
                "Operations": [{"op": "Add", "path": "members", "value": [{"$ref": None, "value": key}]}],
            },
        )
        assert answer.status_code == 204, answer.content
    gone = okta.patch("Groups", group, {"op": "Remove", "path": "members", "value": [{"value": lena}]})

    assert gone.status_code == 204
    assert [m["value"] for m in okta.get(f"Groups/{group}").json()["members"]] == [mara]
    found = okta.find("Groups", 'externalId eq "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159"').json()["Resources"]
    assert [each["id"] for each in found] == [group]
    assert okta.find("Groups", f'id eq "{group}" and members eq "{mara}"').json()["totalResults"] == 1
    assert okta.find("Groups", f'id eq "{group}" and members eq "{lena}"').json()["totalResults"] == 0


def test_a_person_moves_with_the_group(okta: Directory, acme: Account) -> None:
    lena = okta.add("Lena").json()["id"]
    design = okta.group("Design", lena).json()["id"]
    research = okta.group("Research", lena).json()["id"]

    assert "members" not in okta.get(f"Groups/{design}").json()
    assert [m["value"] for m in okta.get(f"Groups/{research}").json()["members"]] == [lena]
    assert okta.get(f"Users/{lena}").json()[ENTERPRISE]["department"] == "Research"
