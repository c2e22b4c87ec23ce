"""docs/scim.md says what is so."""

import itertools
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict

from seats.directory.states import STATES
from seats.scim.schema import CONFIG, SEAT_URN
from tests.directory import Directory

GUIDE = (Path(__file__).resolve().parents[3] / "docs/scim.md").read_text()


@pytest.mark.django_db
def test_its_requests_are_answered(okta: Directory) -> None:
    found = list(re.findall(r"^curl .*$", GUIDE, re.MULTILINE))
    assert len(found) == 2
    for line in found:
        words = shlex.split(line.replace("$PORTAL", "http://testserver"))
        [address] = [word for word in words if word.startswith("http")]
        query = QueryDict(urlsplit(address).query, mutable=True)
        for flag, value in itertools.pairwise(words):
            if flag == "--data-urlencode":
                query.appendlist(*value.split("=", 1))
        answer = okta.client.get(
            urlsplit(address).path,
            {name: str(text) for name, text in query.items()},
            headers={"Authorization": f"Bearer {okta.secret}"},
        )
        assert answer.status_code == 200, line


@pytest.mark.django_db
def test_a_list_has_the_state_that_is_asked_for(okta: Directory) -> None:
    """As one person has it."""
    made = okta.client.post(
        "/scim/v2/Users",
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "lena@example.com"},
        content_type="application/scim+json",
        headers={"Authorization": f"Bearer {okta.secret}"},
    ).json()
    head = {"Authorization": f"Bearer {okta.secret}"}
    asked = {"attributes": f"{SEAT_URN}:state"}
    one = okta.client.get(f"/scim/v2/Users/{made['id']}", asked, headers=head).json()
    listed = okta.client.get("/scim/v2/Users", asked, headers=head).json()
    assert one[SEAT_URN] == {"state": "seated"}
    assert one in listed["Resources"]
    assert all(SEAT_URN in person for person in listed["Resources"])
    plain = okta.client.get("/scim/v2/Users", headers=head).json()
    assert "state" not in str([person.get(SEAT_URN) for person in plain["Resources"]])


def test_it_names_every_state_and_limit() -> None:
    named = re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE)[-len(STATES) :]
    assert sorted(named) == sorted(STATES)
    assert SEAT_URN in GUIDE
    assert CONFIG.bulk is not None
    assert CONFIG.filter is not None
    assert f"bulk ({CONFIG.bulk.max_operations} operations, 1 MB)" in GUIDE
    assert f"{CONFIG.filter.max_results} at most" in GUIDE
