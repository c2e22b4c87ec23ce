"""Every seat page for every role: open, refused with names of who can help, or led to one's own page."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, Membership, Role
from seats.models import Assignment, LedgerEntry, SeatPool, SeatRequest
from seats.requests.request_seat import request_seat
from tests.conftest import join
from tests.factories.seats import give_pool, seat

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]

SEES = {"owner", "admin", "billing", "team_manager", "viewer"}
ASSIGNS = {"owner", "admin", "team_manager"}
EVERYBODY = SEES | {"member"}
PAGES = {
    "seats/": SEES,
    "seats.csv": SEES,
    "seats/people/{member}/": SEES,
    "ledger/": SEES,
    "ledger.csv": SEES,
    "ledger/{line}/": SEES,
    "usage/": SEES,
    "seats/assign/": ASSIGNS,
    "seats/receivers/": ASSIGNS,
    "seats/bulk/effect/": ASSIGNS,
    "seats/{seat}/reassign/": ASSIGNS,
    "seats/{seat}/release/": ASSIGNS,
    "requests/": ASSIGNS,
    "requests/{request}/": ASSIGNS,
    "settings/limit/": {"owner", "admin"},
    "me/": EVERYBODY,
    "request/": EVERYBODY,
}
ACTS = {
    "seats/{seat}/release/": SEES - ASSIGNS,
    "seats/{seat}/reassign/": SEES - ASSIGNS,
    "seats/{seat}/undo/": SEES - ASSIGNS,
    "seats/assign/": SEES - ASSIGNS,
    "seats/bulk/": SEES - ASSIGNS,
    "seats/people/{member}/wait/": SEES - ASSIGNS,
    "requests/{request}/": SEES - ASSIGNS,
    "settings/limit/": EVERYBODY - {"owner", "admin"},
}


@pytest.fixture
def ids(account: Account, owner: Membership, member: Membership, now: datetime) -> dict[str, str]:
    """Ids for the addresses."""
    give_pool(account, 2, now)
    asked = request_seat(
        account=account, membership=member, asked_by=member.user, reason="Work.", actor=Actor(user=member.user), at=now
    )
    held = seat(owner, now)
    line = LedgerEntry.objects.filter(account=account, kind="assigned").get()
    return {
        "member": owner.public_id,
        "seat": held.public_id,
        "request": asked.public_id,
        "line": line.public_id,
    }


def colleague(account: Account, role: str, now: datetime) -> Membership:
    return join(account, f"{role.replace('_', '').title()}two", role, now)


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_pages_by_role(account: Account, ids: dict[str, str], client_of: SignIn, now: datetime, role: str) -> None:
    client = client_of(colleague(account, role, now))
    got = {path: client.get(f"/a/{account.slug}/{path.format(**ids)}").status_code for path in PAGES}
    assert got == {path: 200 if role in roles else 403 for path, roles in PAGES.items()}


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_refused_acts_change_nothing(
    account: Account, ids: dict[str, str], client_of: SignIn, now: datetime, role: str
) -> None:
    client = client_of(colleague(account, role, now))
    for path, refused in ACTS.items():
        if role in refused | {"member"}:
            answer = client.post(f"/a/{account.slug}/{path.format(**ids)}", {"decision": "approve", "mode": "soft"})
            assert answer.status_code == 403, path
    assert Assignment.objects.filter(ended_at=None).count() == 1
    assert SeatRequest.objects.get().state == "open"
    assert SeatPool.objects.get(account=account).mode == "hard"


def test_a_member_is_led_to_the_own_page(account: Account, member: Membership, client_of: SignIn) -> None:
    answer = client_of(member).get(f"/a/{account.slug}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/a/{account.slug}/me/")


def test_a_member_is_told_who_can_help(account: Account, member: Membership, client_of: SignIn) -> None:
    answer = client_of(member).get(f"/a/{account.slug}/seats/")
    assert answer.status_code == 403
    assert "Olivia" in answer.text


@pytest.mark.parametrize("path", ["", *PAGES])
def test_a_stranger_finds_nothing(
    account: Account, ids: dict[str, str], outsider: Membership, client_of: SignIn, path: str
) -> None:
    client = client_of(outsider)
    assert client.get(f"/a/{account.slug}/{path.format(**ids)}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "seats/people/{member}/",
        "seats/{seat}/reassign/",
        "seats/{seat}/release/",
        "requests/{request}/",
        "ledger/{line}/",
    ],
)
def test_ids_of_another_account_are_unknown(
    account: Account, ids: dict[str, str], outsider: Membership, client_of: SignIn, path: str
) -> None:
    assert client_of(outsider).get(f"/a/{outsider.account.slug}/{path.format(**ids)}").status_code == 404


def test_roles_are_complete() -> None:
    assert set(Role.values) == EVERYBODY
