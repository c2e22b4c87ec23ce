"""GET /api/v1/audit"""

from datetime import datetime, timedelta

import pytest

from accounts.models import AuditEntry, Membership
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(owner: Membership, now: datetime) -> Integrator:
    return integrator_of(owner, now)


def test_what_a_key_did_is_in_it(acme: Integrator, now: datetime) -> None:
    made = acme.post("departments", {"name": "Support"}, x_request_id="mine-1").json()

    (entry,) = acme.get("audit?action=department").json()["results"]

    row = AuditEntry.objects.get(action="department.added")
    assert entry == {
        "id": row.public_id,
        "at": row.at.isoformat().replace("+00:00", "Z"),
        "action": "department.added",
        "target": made["id"],
        "summary": "Support",
        "door": "api",
        "person": None,
        "api_key_id": acme.key.public_id,
        "staff": None,
        "ip": "127.0.0.1",
        "request_id": "mine-1",
        "details": {},
    }
    assert acme.get("audit?action=department&person=directory").json()["results"] == [entry]
    assert acme.get("audit?action=department&person=nobody").json()["results"] == []


def test_days_and_pages(acme: Integrator, now: datetime) -> None:
    for name in ("A", "B", "C"):
        acme.post("departments", {"name": name})
    today = f"{now.date()}"
    first = acme.get(f"audit?action=department&from={today}&to={today}&limit=2").json()
    second = acme.get(first["next"].rpartition("/api/v1/")[2]).json()

    assert [row["summary"] for row in first["results"] + second["results"]] == ["C", "B", "A"]
    assert second["next"] is None
    assert acme.get(f"audit?to={now.date() - timedelta(days=1)}").json()["results"] == []
    assert problem(acme.get("audit?from=2900-01-02&to=2900-01-01"))["errors"][0]["field"] == "to"
    for far in ("from=1970-01-01", "to=2999-12-31"):
        assert acme.get(f"audit?{far}").status_code == 200


def test_a_neighbours_trail_is_its_own(acme: Integrator, outsider: Membership, now: datetime) -> None:
    acme.post("departments", {"name": "Support"})

    assert "Support" not in integrator_of(outsider, now).get("audit").content.decode()
