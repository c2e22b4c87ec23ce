"""GET and PUT /api/v1/policy"""

from datetime import datetime
from typing import Any

import pytest

from accounts.models import Account, AuditEntry, Membership
from seats.models import SeatPool
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db
SOFT = {"mode": "soft", "allowance": 2, "grace_days": 7, "reason": "A busy month"}


def test_it_is_replaced_by_who_has_read_it(acme: Integrator, account: Account, pool: SeatPool) -> None:
    seen = acme.get("policy")
    assert seen.json() == {"mode": "hard", "allowance": 0, "grace_days": 14}

    answer = acme.put("policy", SOFT, if_match=seen["ETag"])

    assert answer.status_code == 200, answer.content
    assert answer.json() == {"mode": "soft", "allowance": 2, "grace_days": 7}
    assert answer["ETag"] == acme.get("policy")["ETag"] != seen["ETag"]
    assert acme.get("policy", if_none_match=answer["ETag"]).status_code == 304
    assert acme.get("seats").json()["limit"] == 12
    assert AuditEntry.objects.get(action="policy.changed").summary == "A busy month"


def test_a_tag_that_a_proxy_made_weak_is_the_same(acme: Integrator, pool: SeatPool) -> None:
    """One that compresses answers marks their tags so."""
    tag = f"W/{acme.get('policy')['ETag']}"

    assert acme.put("policy", SOFT, if_match=tag).status_code == 200
    assert acme.put("policy", SOFT, if_match=tag).status_code == 412


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [({}, 428, "precondition_required"), ({"if_match": '"old"'}, 412, "precondition_failed")],
)
def test_who_has_not_read_it_changes_nothing(
    acme: Integrator, account: Account, pool: SeatPool, header: dict[str, str], status: int, code: str
) -> None:
    refused = problem(acme.put("policy", SOFT, **header))

    assert (refused["status"], refused["code"]) == (status, code)
    assert SeatPool.objects.get(account=account).mode == "hard"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"mode": "hard"}, "policy_wrong", "allowance"),
        ({"mode": "rubber"}, "validation_failed", "mode"),
        ({"allowance": -1}, "validation_failed", "allowance"),
        ({"allowance": "2"}, "validation_failed", "allowance"),
        ({"grace_days": 366}, "validation_failed", "grace_days"),
    ],
)
def test_a_limit_that_makes_no_sense(
    acme: Integrator, account: Account, pool: SeatPool, change: dict[str, Any], code: str, field: str
) -> None:
    refused = problem(acme.put("policy", {**SOFT, **change}, if_match="*"))

    assert (refused["status"], refused["code"], refused["errors"][0]["field"]) == (422, code, field)
    assert SeatPool.objects.get(account=account).mode == "hard"


def test_reading_and_writing_are_two_rights(owner: Membership, now: datetime) -> None:
    reader = integrator_of(owner, now, "seats.view")

    assert reader.get("policy").status_code == 200
    assert problem(reader.put("policy", SOFT, if_match="*"))["capability"] == "policy.manage"
    assert SeatPool.objects.get(account=owner.account).mode == "hard"
