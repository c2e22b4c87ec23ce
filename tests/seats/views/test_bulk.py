"""Acts on several rows of the seats table: the effect first, then all or none, and undo where the single act has it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member
from accounts.models import Account, AuditEntry, Department, Invitation, Membership, Role
from billing.models import QuantityChange, Quote
from seatportal.templatetags.portal import money
from seats.errors import AlreadySeated, UndoGone
from seats.holders.queries import seat_of
from seats.holders.reassign_seat import reassign_seats
from seats.holders.undo import UNDO_WITHIN, undo_seat_acts
from seats.models import Assignment, LedgerEntry
from seats.pool.pools import pool_of
from tests.conftest import Funded, join
from tests.factories.seats import crowd, give_pool, seat

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]
URL = "/a/acme/seats/"


@pytest.fixture
def browser(owner: Membership, client_of: SignIn) -> Client:
    return client_of(owner)


@pytest.fixture
def four(account: Account, now: datetime) -> list[Membership]:
    """Two with seats, two without."""
    give_pool(account, 2, now)
    people = crowd(account, 4, now)
    for one in people[:2]:
        seat(one, now - timedelta(days=9))
    return people


def chosen(action: str, people: list[Membership], **more: Any) -> dict[str, Any]:
    return {"action": action, "person": [one.public_id for one in people], **more}


def holders(account: Account) -> list[int]:
    seats = Assignment.objects.filter(account=account, ended_at=None)
    return sorted(seats.values_list("membership_id", flat=True))


def test_seats_move_in_pairs_and_come_back(account: Account, browser: Client, four: list[Membership]) -> None:
    before = holders(account)
    page = browser.post(f"{URL}bulk/", chosen("reassign", four))
    assert (page.status_code, "Move 2 seats" in page.text) == (200, True)
    # Those who were chosen without a seat are the receivers that stand there already.
    assert f'value="{four[2].user.email}"' in page.text
    assert holders(account) == before
    names = {f"to_{four[0].public_id}": four[3].user.email, f"to_{four[1].public_id}": four[2].user.email}

    answer = browser.post(f"{URL}bulk/", chosen("reassign", four[:2], confirmed="yes", reason="Swap", **names))

    assert answer.status_code == 302
    first, second = seat_of(four[3]), seat_of(four[2])
    assert first is not None
    assert second is not None
    assert (first.previous.membership, second.previous.membership) == (four[0], four[1])  # type: ignore[union-attr]
    assert LedgerEntry.objects.filter(kind="reassigned", reason="Swap").count() == 2
    table = browser.get(answer["Location"]).text
    assert "2 seats were moved." in table
    assert f'action="{URL}bulk/undo/"' in table
    undone = browser.post(f"{URL}bulk/undo/", {"seat": [first.public_id, second.public_id]}, follow=True)
    assert "2 seats are back with their former holders." in undone.text
    assert holders(account) == before


def test_one_pair_that_cannot_be_moves_nobody(account: Account, browser: Client, four: list[Membership]) -> None:
    before, first, second = holders(account), f"to_{four[0].public_id}", f"to_{four[1].public_id}"
    spare = four[2].user.email
    for names, status, words in (
        ({first: spare, second: spare}, 422, "This person is named twice."),
        ({first: spare, second: "nobody@acme.example"}, 422, "Nobody"),
        ({first: spare}, 422, "This field is required."),
        ({first: spare, second: four[0].user.email}, 302, ""),
    ):
        answer = browser.post(f"{URL}bulk/", chosen("reassign", four[:2], confirmed="yes", **names))
        assert (answer.status_code, words in answer.content.decode()) == (status, True)
        if status == 422:
            assert holders(account) == before
    assert LedgerEntry.objects.filter(kind="reassigned").count() == 2


def test_reassigning_is_all_or_none(account: Account, actor: Actor, four: list[Membership], now: datetime) -> None:
    give_pool(account, 3, now)
    seat(four[3], now)
    before = holders(account)
    seats = [seat_of(four[0]), seat_of(four[1])]
    pairs = [(one, to) for one, to in zip(seats, (four[2], four[3]), strict=True) if one is not None]
    with pytest.raises(AlreadySeated):
        reassign_seats(account=account, pairs=pairs, actor=actor, at=now)
    assert holders(account) == before
    assert not LedgerEntry.objects.filter(kind="reassigned").exists()


def test_given_and_released_seats_are_undone_together(
    account: Account, browser: Client, four: list[Membership], now: datetime
) -> None:
    give_pool(account, 4, now)
    before = holders(account)
    answer = browser.post(f"{URL}bulk/", chosen("assign", four, confirmed="yes"))
    assert len(holders(account)) == 4
    seats = [one.public_id for one in Assignment.objects.filter(membership__in=four[2:])]
    assert answer["Location"].count("undo=") == 2
    assert "2 seats are free again." in browser.post(f"{URL}bulk/undo/", {"seat": seats}, follow=True).text
    assert holders(account) == before
    answer = browser.post(f"{URL}bulk/", chosen("release", four, confirmed="yes"))
    assert holders(account) == []
    seats = answer["Location"].partition("?undo=")[2].split("&undo=")
    assert len(seats) == 2
    browser.post(f"{URL}bulk/undo/", {"seat": seats})
    assert holders(account) == before


def test_undo_is_one_act_of_ones_own_in_time(
    account: Account, owner: Membership, actor: Actor, member: Membership, four: list[Membership], now: datetime
) -> None:
    give_pool(account, 4, now)
    given = [seat(one, now, actor=actor) for one in four[2:]]
    released = Assignment.objects.get(membership=four[0])
    others = Actor(user=member.user)
    cases: list[tuple[list[Assignment], Actor, datetime]] = [
        ([], actor, now),
        ([*given, released], actor, now),
        (given, others, now),
        (given, actor, now + UNDO_WITHIN + timedelta(seconds=1)),
    ]
    for seats, by, at in cases:
        with pytest.raises(UndoGone):
            undo_seat_acts(account=account, assignments=seats, actor=by, at=at)
    assert len(holders(account)) == 4
    assert undo_seat_acts(account=account, assignments=given, actor=actor, at=now) == "assigned"
    assert len(holders(account)) == 2


def test_the_undo_page_touches_no_seat_of_others(
    account: Account, outsider: Membership, browser: Client, now: datetime
) -> None:
    give_pool(outsider.account, 1, now)
    theirs = seat(outsider, now, actor=Actor(user=outsider.user))
    answer = browser.post(f"{URL}bulk/undo/", {"seat": [theirs.public_id]})
    assert (answer.status_code, seat_of(outsider)) == (409, theirs)


def test_people_change_department_together(
    account: Account, owner: Membership, browser: Client, four: list[Membership]
) -> None:
    sales = Department.objects.create(account=account, name="Sales")
    Membership.objects.filter(pk=four[0].pk).update(department=sales)
    page = browser.post(f"{URL}bulk/", chosen("department", four))
    assert (page.status_code, "Move 4 people" in page.text) == (200, True)
    assert Membership.objects.filter(department=sales).count() == 1
    move = chosen("department", four, confirmed="yes", department=sales.public_id)
    assert "3 people were moved." in browser.post(f"{URL}bulk/", move, follow=True).text
    assert Membership.objects.filter(department=sales).count() == 4
    assert AuditEntry.objects.filter(action="member.changed").count() == 3
    assert AuditEntry.objects.filter(action="member.changed")[0].data["department"] == {"before": "", "after": "Sales"}
    foreign = Department.objects.create(account=elsewhere(), name="Theirs")
    wrong = browser.post(f"{URL}bulk/", move | {"department": foreign.public_id})
    assert (wrong.status_code, Membership.objects.filter(department=sales).count()) == (422, 4)
    browser.post(f"{URL}bulk/", move | {"department": ""})
    assert not Membership.objects.filter(department=sales).exists()


def elsewhere() -> Account:
    return Account.objects.create(name="Elsewhere", slug="elsewhere")


def test_a_team_manager_moves_seats_and_no_people(
    account: Account, four: list[Membership], now: datetime, client_of: SignIn
) -> None:
    lead = client_of(join(account, "Lea", Role.TEAM_MANAGER, now))
    assert "Change department" not in lead.get(URL).text
    assert lead.post(f"{URL}bulk/", chosen("department", four, confirmed="yes", department="")).status_code == 403
    assert lead.post(f"{URL}bulk/", chosen("reassign", four)).status_code == 200


def test_invitations_are_sent_again_each_for_itself(
    account: Account, owner: Membership, actor: Actor, browser: Client, now: datetime
) -> None:
    made = [
        invite_member(
            account=account, email=f"{name}@acme.example", role=role, department=None, name="", actor=actor, at=now
        )[0]
        for name, role in (("a", "member"), ("b", "member"))
    ]
    before = {one.pk: one.token_hash for one in made}
    assert f'name="invitation" value="{made[0].public_id}"' in browser.get(URL).text
    form = {"action": "resend", "invitation": [one.public_id for one in made]}
    page = browser.post(f"{URL}bulk/", form)
    assert "2 mails go out" in page.text
    assert {one.pk: one.token_hash for one in Invitation.objects.all()} == before
    answer = browser.post(f"{URL}bulk/", form | {"confirmed": "yes"}, follow=True)
    assert "2 invitations are on their way." in answer.text
    assert not set(before.values()) & set(Invitation.objects.values_list("token_hash", flat=True))
    assert browser.get(f"{URL}bulk/effect/", form).text == "2 invitations can be sent again."
    assert browser.post(f"{URL}bulk/", {"action": "resend"}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_missing_seats_have_stripes_price(funded: Funded, client_of: SignIn, now: datetime) -> None:
    """Ten seats, twelve people: the bar and the page say what two more cost; nothing is bought."""
    browser = client_of(funded.owner)
    people = crowd(funded.account, pool_of(funded.account).open + 2, now)
    form = chosen("assign", people)
    bar = browser.get(f"{URL}bulk/effect/", {"person": form["person"]}).text
    quote = Quote.objects.latest("pk")
    due = money(quote.amount_due, quote.currency)
    assert bar == f"Giving needs 2 more seats. They cost {due} now."
    page = browser.post(f"{URL}bulk/", form).text
    assert f"2 more seats cost {due} now." in page
    assert holders(funded.account) == []
    assert not QuantityChange.objects.exists()
