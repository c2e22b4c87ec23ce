"""The allowance, the chain of approvers and departments' budgets for programs."""

from datetime import datetime
from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.members.structure import add_place
from accounts.models import AuditEntry, Department, Membership, Role
from billing.models import ApprovalStep, BuyingPolicy
from billing.terms.approvers import Step, chain_of
from seats.holders.assign_seat import assign_seat
from seats.models import DepartmentBudget, JoinerPurchase
from tests.conftest import Funded, join
from tests.integrator import Integrator, integrator_of, problem

pytestmark = pytest.mark.django_db(transaction=True)
RULES = {"seats": 3, "amount": 10_000, "joiners": "request", "reason": "Budget 2027"}


@pytest.fixture
def acme(funded: Funded, now: datetime) -> Integrator:
    """A key of the paying account."""
    return integrator_of(funded.owner, now)


@pytest.fixture
def sales(funded: Funded, now: datetime) -> Department:
    """A department without a budget."""
    place = add_place(account=funded.account, kind="department", name="Sales", actor=funded.actor, at=now)
    return Department.objects.get(pk=place.pk)


def test_the_allowance_is_replaced_and_says_what_is_left(acme: Integrator, funded: Funded) -> None:
    seen = acme.get("policy/spending")
    nothing = {"seats": None, "amount": None, "currency": "", "joiners": "wait", "month": None, "joiners_stopped": None}
    assert seen.json() == nothing
    assert not BuyingPolicy.objects.exists()

    answer = acme.put("policy/spending", RULES, if_match=seen["ETag"])

    shown = answer.json()
    assert answer.status_code == 200, answer.content
    resets_at = shown["month"].pop("resets_at")
    assert resets_at.endswith("-01T00:00:00Z")
    assert shown == {
        "seats": 3,
        "amount": 10_000,
        "currency": "usd",
        "joiners": "request",
        "month": {"used_seats": 0, "used_amount": 0, "seats_left": 3, "amount_left": 10_000},
        "joiners_stopped": None,
    }
    entry = AuditEntry.objects.get(action="buying_policy.changed")
    assert (entry.summary, entry.api_key, entry.data["new"]["amount"]) == ("Budget 2027", acme.key, 10_000)

    quote = acme.post("quotes", {"add": 1}).json()
    assert acme.post("orders", {"quote_id": quote["id"]}, idempotency_key="one").status_code == 201
    after = acme.get("policy/spending")
    assert after.json()["month"] == {
        "used_seats": 1,
        "used_amount": 4_000,
        "seats_left": 2,
        "amount_left": 6_000,
        "resets_at": resets_at,
    }
    # What is used is not what can be changed.
    assert after["ETag"] == answer["ETag"] != seen["ETag"]
    gone = acme.put("policy/spending", {"seats": None, "amount": None, "joiners": "wait"}, if_match=after["ETag"])
    assert gone.json() == nothing


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [({}, 428, "precondition_required"), ({"if_match": '"old"'}, 412, "precondition_failed")],
)
def test_who_has_not_read_the_rules_changes_none(
    acme: Integrator, header: dict[str, str], status: int, code: str
) -> None:
    chain = {"steps": [{"role": "owner"}]}
    for path, body in (("policy/spending", RULES), ("policy/approvers", chain)):
        refused = problem(acme.put(path, body, **header))
        assert (refused["status"], refused["code"]) == (status, code), path
    assert not BuyingPolicy.objects.exists()
    assert not ApprovalStep.objects.exists()
    assert not AuditEntry.objects.filter(action__in=["buying_policy.changed", "approval_chain.changed"]).exists()


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"seats": -1}, "validation_failed", "seats"),
        ({"seats": "3"}, "validation_failed", "seats"),
        ({"amount": 1.5}, "validation_failed", "amount"),
        ({"joiners": "perhaps"}, "validation_failed", "joiners"),
        ({"joiners": "buy", "seats": None, "amount": None}, "buying_policy_wrong", "joiners"),
        ({"limit": 1}, "validation_failed", "limit"),
    ],
)
def test_an_allowance_that_makes_no_sense(acme: Integrator, change: dict[str, Any], code: str, field: str) -> None:
    refused = problem(acme.put("policy/spending", RULES | change, if_match="*"))
    assert (refused["status"], refused["code"], refused["errors"][0]["field"]) == (422, code, field)
    assert not BuyingPolicy.objects.exists()


def test_the_whole_allowance_has_to_be_sent(acme: Integrator) -> None:
    refused = problem(acme.put("policy/spending", {"joiners": "wait"}, if_match="*"))
    assert [error["field"] for error in refused["errors"]] == ["seats", "amount"]
    assert not BuyingPolicy.objects.exists()


def test_without_a_plan_there_is_no_currency_for_amounts(owner: Membership, now: datetime) -> None:
    acme = integrator_of(owner, now)
    place = add_place(
        account=owner.account, kind="department", name="Sales", actor=Actor(user=None, api_key=acme.key), at=now
    )
    chain = {"steps": [{"role": "admin"}, {"role": "owner", "from_amount": 1}]}
    for path, body, field in (
        ("policy/spending", RULES, "amount"),
        ("policy/approvers", chain, "steps.1.from_amount"),
        (f"departments/{place.public_id}/budget", {"amount": 1}, "amount"),
    ):
        refused = problem(acme.put(path, body, if_match="*"))
        assert (refused["code"], refused["errors"][0]["field"]) == ("buying_policy_wrong", field), path
    assert not BuyingPolicy.objects.exists()
    assert not ApprovalStep.objects.exists()
    assert not DepartmentBudget.objects.exists()
    assert acme.get(f"departments/{place.public_id}/budget").json() == {
        "department_id": place.public_id,
        "department": "Sales",
        "seats": 0,
        "seat_cost": None,
        "currency": None,
        "used": 0,
        "budget": None,
        "left": None,
    }
    assert acme.get("policy/approvers").json() == {"currency": None, "steps": []}


def test_the_chain_is_replaced_whole(acme: Integrator, funded: Funded, admin_member: Membership, now: datetime) -> None:
    seen = acme.get("policy/approvers")
    assert seen.json() == {"currency": "usd", "steps": []}
    wanted = [
        {"role": "admin", "member_ids": [admin_member.public_id]},
        {"role": "billing", "from_amount": 5_000},
    ]

    answer = acme.put("policy/approvers", {"steps": wanted}, if_match=seen["ETag"])

    assert answer.status_code == 200, answer.content
    adam = {"member_id": admin_member.public_id, "name": "Adam", "email": admin_member.user.email}
    assert answer.json() == {
        "currency": "usd",
        "steps": [
            {"position": 1, "role": "admin", "from_amount": 0, "people": [adam]},
            {"position": 2, "role": "billing", "from_amount": 5_000, "people": []},
        ],
    }
    assert answer["ETag"] == acme.get("policy/approvers")["ETag"] != seen["ETag"]
    assert chain_of(funded.account) == [
        Step(1, "admin", frozenset([admin_member.pk]), 0),
        Step(2, "billing", frozenset(), 5_000),
    ]
    assert AuditEntry.objects.get(action="approval_chain.changed").api_key == acme.key
    assert acme.put("policy/approvers", {"steps": []}, if_match=answer["ETag"]).json()["steps"] == []
    assert chain_of(funded.account) == []


def test_what_is_no_chain_is_named_and_changes_nothing(
    acme: Integrator, funded: Funded, admin_member: Membership, outsider: Membership
) -> None:
    acme.put("policy/approvers", {"steps": [{"role": "owner"}]}, if_match="*")
    for steps, code, field in (
        ([{"role": "owner", "from_amount": 1}], "buying_policy_wrong", "steps"),
        ([{"role": "admin"}, {"role": "member"}], "validation_failed", "steps.1.role"),
        ([{"role": "admin", "from_amount": "1"}], "validation_failed", "steps.0.from_amount"),
        ([{"role": "admin"}, {"role": "admin", "member_ids": ["mem_x"]}], "not_a_member", "steps.1.member_ids"),
        ([{"role": "admin", "member_ids": [outsider.public_id]}], "not_a_member", "steps.0.member_ids"),
        ([{"role": "admin", "people": [admin_member.public_id]}], "validation_failed", "steps.0.people"),
        ([{"role": "admin"}] * 6, "validation_failed", "steps"),
    ):
        refused = problem(acme.put("policy/approvers", {"steps": steps}, if_match="*"))
        assert (refused["status"], refused["code"], refused["errors"][0]["field"]) == (422, code, field)
        assert chain_of(funded.account) == [Step(1, "owner", frozenset(), 0)]


def test_a_budget_is_set_changed_and_removed(
    acme: Integrator, funded: Funded, sales: Department, member: Membership, now: datetime
) -> None:
    Membership.objects.filter(pk=member.pk).update(department=sales)
    member.refresh_from_db()
    assign_seat(account=funded.account, membership=member, actor=funded.actor, at=now)
    path = f"departments/{sales.public_id}/budget"
    none = {
        "department_id": sales.public_id,
        "department": "Sales",
        "seats": 1,
        "seat_cost": 5_000,
        "currency": "usd",
        "used": 5_000,
        "budget": None,
        "left": None,
    }
    seen = acme.get(path)
    assert seen.json() == none

    answer = acme.put(path, {"amount": 12_000}, if_match=seen["ETag"])

    assert (answer.status_code, answer.json()) == (200, none | {"budget": 12_000, "left": 7_000})
    assert acme.get("budgets").json() == {"next": None, "previous": None, "results": [answer.json()]}
    assert acme.put(path, {"amount": 3_000}).json()["left"] == -2_000
    old = problem(acme.put(path, {"amount": 1}, if_match=answer["ETag"]))
    assert (old["status"], old["code"]) == (412, "precondition_failed")
    assert problem(acme.delete(path, if_match=answer["ETag"]))["status"] == 412
    assert DepartmentBudget.objects.get().amount == 3_000
    assert AuditEntry.objects.filter(action="budget.changed").count() == 2

    before = acme.get(path)["ETag"]
    DepartmentBudget.objects.update(currency="eur")
    assert problem(acme.delete(path, if_match=before))["status"] == 412, "3,000 of another currency is another budget"
    assert acme.delete(path, if_match=acme.get(path)["ETag"]).status_code == 204
    assert not DepartmentBudget.objects.exists()
    assert acme.delete(path).status_code == 204
    assert acme.get(path).json() == none
    assert AuditEntry.objects.filter(action="budget.changed").count() == 3


@pytest.mark.parametrize("amount", [-1, "1", 1.0, None, True])
def test_what_is_no_budget(acme: Integrator, sales: Department, amount: Any) -> None:
    refused = problem(acme.put(f"departments/{sales.public_id}/budget", {"amount": amount}))
    assert (refused["code"], refused["errors"][0]["field"]) == ("validation_failed", "amount")
    assert not DepartmentBudget.objects.exists()


def test_budgets_come_in_pages_and_are_ones_own(
    acme: Integrator, funded: Funded, sales: Department, outsider: Membership, now: datetime
) -> None:
    theirs = add_place(account=outsider.account, kind="department", name="Theirs", actor=funded.actor, at=now)
    later = add_place(account=funded.account, kind="department", name="Later", actor=funded.actor, at=now)
    first = acme.get("budgets?limit=1").json()
    assert [row["department_id"] for row in first["results"]] == [later.public_id]
    rest = acme.get(first["next"].partition("/api/v1/")[2]).json()
    assert [row["department_id"] for row in rest["results"]] == [sales.public_id]
    assert rest["next"] is None
    for method, body in (("GET", None), ("PUT", {"amount": 1}), ("DELETE", None)):
        assert problem(acme.ask(method, f"departments/{theirs.public_id}/budget", body))["status"] == 404
    assert not DepartmentBudget.objects.exists()


def test_who_may_not_change_the_rules_sees_none(funded: Funded, sales: Department, now: datetime) -> None:
    buyer = integrator_of(join(funded.account, "Ada", Role.ADMIN, now), now, "seats.buy", "seats.view", "billing.view")
    budget = f"departments/{sales.public_id}/budget"
    for method, path, body in (
        ("GET", "policy/spending", None),
        ("PUT", "policy/spending", RULES),
        ("POST", "policy/spending/retry-joiners", {}),
        ("GET", "policy/approvers", None),
        ("PUT", "policy/approvers", {"steps": []}),
        ("GET", "budgets", None),
        ("GET", budget, None),
        ("PUT", budget, {"amount": 1}),
        ("DELETE", budget, None),
    ):
        refused = problem(buyer.ask(method, path, body, if_match="*"))
        assert (refused["status"], refused["capability"]) == (403, "policy.manage"), (method, path)
    assert not BuyingPolicy.objects.exists()
    assert not DepartmentBudget.objects.exists()


def test_a_stopped_purchase_for_joiners_is_tried_again(acme: Integrator, funded: Funded, now: datetime) -> None:
    row = JoinerPurchase.objects.create(
        account=funded.account, state="stopped", since=now, next_try_at=now, problem="payment_declined"
    )
    assert acme.get("policy/spending").json()["joiners_stopped"] == "payment_declined"

    answer = acme.post("policy/spending/retry-joiners", idempotency_key="again")

    assert (answer.status_code, answer.json()["joiners_stopped"]) == (202, None)
    row.refresh_from_db()
    assert (row.state, row.problem) == ("open", "")
    assert AuditEntry.objects.get(action="joiners.again").api_key == acme.key
    assert acme.post("policy/spending/retry-joiners").status_code == 202
    assert AuditEntry.objects.filter(action="joiners.again").count() == 1
