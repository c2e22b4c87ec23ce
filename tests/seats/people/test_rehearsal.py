"""What a preview says is what happens, row by row: random accounts with regions, budgets, pauses and a queue."""

from contextlib import suppress
from datetime import datetime, timedelta
from random import Random

import pytest
from django.db import transaction

from accounts.access.actor import Actor
from accounts.members.edit_invitation import edit_invitation
from accounts.members.invitations import invite_member
from accounts.models import Department, Invitation, Membership, Region
from seatportal.kit.errors import PortalError
from seats.capacity.split_seats import split_seats
from seats.errors import RegionFull
from seats.holders.assign_seat import assign_seat
from seats.holders.pause_person import pause_person
from seats.holders.queries import waiting_in
from seats.holders.reserve_seat import invite_with_seat, reserved_for
from seats.holders.wait import wait_for_seat, wait_with_invitation
from seats.models import Assignment, PeopleImport, RegionPool, SeatPool
from seats.people.plan import Effect
from seats.pool.budgets import set_budget
from tests.conftest import Funded
from tests.factories.seats import crowd, give_pool, seat
from tests.seats.people.conftest import Hand, told, verdicts
from tests.seats.regions.conftest import america, europe, person, region, split

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["america", "europe", "split"]  # fixtures


def foretold(effect: Effect) -> list[tuple[int, str, str, str]]:
    """As `verdicts` says it afterwards; the reason instead of the field."""
    words = {"give": "given", "release": "released", "leave_queue": "", "": ""}
    return [
        (
            line.line,
            str(step.outcome),
            "waiting" if step.waits_for else words[step.seat],
            step.wrong.code if step.wrong else "",
        )
        for line, step in effect.steps
    ]


def happened(row: PeopleImport) -> list[tuple[int, str, str, str]]:
    """The verdicts that were kept."""
    return [(one.line, one.outcome, one.seat, one.code) for one in row.people.order_by("position")]


def world(chance: Random, funded: Funded, people: list[Membership], places: list[list[object]], now: datetime) -> str:
    """Move, seat, pause, invite and queue people as chance has it; returns a file about them and about others."""
    account, actor = funded.account, funded.actor
    regions, departments = places
    for one in people:
        one.region, one.department = chance.choice([None, *regions]), chance.choice([None, *departments])  # type: ignore[assignment]
        one.save()
    give_pool(account, chance.randint(4, 14), now)
    if chance.random() < 0.3:
        extra = chance.randint(1, 3)
        pool = SeatPool.objects.get(account=account)
        SeatPool.objects.filter(account=account).update(mode="soft", allowance=extra, entitled=pool.limit + extra)
    if chance.random() < 0.7:
        kept = {place: chance.randint(1, 3) for place in chance.sample(regions, chance.randint(1, len(regions)))}
        with suppress(PortalError):
            split_seats(account=account, seats=kept, reason="Blocks", actor=actor, at=now)  # type: ignore[arg-type]
    for one in chance.sample(people, 8):
        with suppress(PortalError):
            assign_seat(account=account, membership=one, actor=actor, at=now)
    for one in chance.sample(people, 2):
        with suppress(PortalError):
            pause_person(account=account, membership=one, resumes_on=None, reason="", actor=actor, at=now)
    for place in chance.sample(departments, chance.randint(0, len(departments))):
        most = chance.randint(0, 4) * 5_000
        set_budget(account=account, department=place, amount=most, currency="usd", actor=actor, at=now)  # type: ignore[arg-type]
    invited = []
    for number in range(4):
        common = {"account": account, "role": "member", "name": "", "actor": actor}
        at = now - timedelta(days=chance.choice([0, 0, 0, 8]))
        where = chance.choice([None, *departments])
        email = f"guest{number}@acme.example"
        with suppress(PortalError), transaction.atomic():
            invited.append(invite_with_seat(email=email, department=where, at=at, **common)[0])  # type: ignore[arg-type]
        if chance.random() < 0.3:
            with suppress(PortalError):
                guest = invite_member(email=email, department=where, at=at, **common)[0]  # type: ignore[arg-type]
                wait_with_invitation(account=account, invitation=guest, actor=actor, at=at)
    for step, one in enumerate(chance.sample(people, 5)):
        with suppress(PortalError):
            wait_for_seat(account=account, membership=one, actor=actor, at=now - timedelta(minutes=9 - step))
    emails = [one.user.email for one in people] + [f"guest{number}@acme.example" for number in range(8)]
    lines = ["email,region,department,seat"]
    for email in chance.sample(emails, chance.randint(6, len(emails))):
        where = chance.choice(["", "", "", "-", "New", *(str(place) for place in regions)])
        who = chance.choice(["", "", "", "-", "Newer", *(str(place) for place in departments)])
        lines.append(f"{email},{where},{who},{chance.choice(['yes', 'yes', 'yes', 'no', ''])}")
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_told_is_what_happens(funded: Funded, now: datetime, hand_in: Hand, carry_out: Hand, seed: int) -> None:
    account = funded.account
    regions: list[object] = [region(account, name, now) for name in ("EU", "US", "APAC")]
    departments: list[object] = [Department.objects.create(account=account, name=name) for name in ("Sales", "Support")]
    people = crowd(account, 14, now)
    seen: set[tuple[str, str]] = set()
    for number in range(20):
        chance = Random(seed * 1000 + number)
        with transaction.atomic():
            text = world(chance, funded, people, [regions, departments], now)
            before = (Assignment.objects.count(), Invitation.objects.count(), waiting_in(account).count())
            effect = told(hand_in(text), funded.actor, now)
            assert before == (Assignment.objects.count(), Invitation.objects.count(), waiting_in(account).count())
            row = carry_out(text)
            assert foretold(effect) == happened(row), (seed, number, text)
            seats = [verdict for verdict in happened(row) if verdict[2] in ("given", "waiting")]
            assert (effect.seats, effect.missing) == (len(seats), sum(v[2] == "waiting" for v in seats))
            pool = SeatPool.objects.get(account=account)
            assert pool.assigned <= max(pool.limit, pool.entitled)
            seen |= {
                (step.seat, step.waits_for or (step.wrong.code if step.wrong else "")) for _l, step in effect.steps
            }
            transaction.set_rollback(True)
        for one in people:
            one.refresh_from_db()
    # Chance came by all of it.
    assert {
        ("give", ""),
        ("give", "seat"),
        ("give", "region"),
        ("give", "budget"),
        ("release", ""),
        ("leave_queue", ""),
        ("", "region_full"),
    } <= seen


def test_nobody_waits_while_their_region_has_room_and_others_wait(
    split: None, europe: Region, america: Region, now: datetime, carry_out: Hand, hand_in: Hand, actor: Actor
) -> None:
    account = europe.account
    seated = [person(account, name, europe, now) for name in ("Eva", "Ella")]
    for one in seated:
        seat(one, now)
    waits = person(account, "Emil", europe, now)
    wait_for_seat(account=account, membership=waits, actor=actor, at=now)
    text = "email,region,seat\na@acme.example,US,yes\nb@acme.example,EU,yes\nc@acme.example,,yes"
    effect = told(hand_in(text), actor, now)
    assert [step.waits_for for _line, step in effect.steps] == ["", "region", ""]
    assert (effect.free, effect.missing, effect.to_buy) == (2, 1, 0)
    assert [one[2] for one in verdicts(carry_out(text))] == ["given", "waiting", "given"]
    assert [place.name for place in waiting_in(account)] == ["Emil", "b@acme.example"]
    assert {pool.region.name: pool.assigned for pool in RegionPool.objects.all()} == {"EU": 2, "US": 1}


def test_whose_budget_is_used_up_waits_and_holds_up_nobody(
    funded: Funded, now: datetime, hand_in: Hand, carry_out: Hand
) -> None:
    account, actor = funded.account, funded.actor
    sales = Department.objects.create(account=account, name="Sales")
    set_budget(account=account, department=sales, amount=5_000, currency="usd", actor=actor, at=now)
    text = "email,department,seat\na@acme.example,Sales,yes\nb@acme.example,Sales,yes\nc@acme.example,,yes"
    effect = told(hand_in(text), actor, now)
    assert [step.waits_for for _line, step in effect.steps] == ["", "budget", ""]
    assert (effect.missing, effect.to_buy) == (1, 0)
    row = carry_out(text)
    assert [one[1:3] for one in verdicts(row)] == [("invited", "given"), ("invited", "waiting"), ("invited", "given")]
    assert [place.name for place in waiting_in(account)] == ["b@acme.example"]


def test_a_new_department_counts_for_the_seat_of_the_same_row(
    funded: Funded, member: Membership, now: datetime, hand_in: Hand, carry_out: Hand
) -> None:
    account, actor = funded.account, funded.actor
    sales = Department.objects.create(account=account, name="Sales")
    set_budget(account=account, department=sales, amount=0, currency="usd", actor=actor, at=now)
    text = "email,department,seat\nmia@acme.example,Sales,yes"
    assert [step.waits_for for _line, step in told(hand_in(text), actor, now).steps] == ["budget"]
    assert [one[2] for one in verdicts(carry_out(text))] == ["waiting"]
    assert not Assignment.objects.filter(membership=member).exists()


def test_so_many_seats_end_the_wait_with_those_who_waited_before(
    funded: Funded, member: Membership, now: datetime, hand_in: Hand, carry_out: Hand
) -> None:
    account, actor = funded.account, funded.actor
    give_pool(account, 1, now)
    seat(funded.owner, now)
    wait_for_seat(account=account, membership=member, actor=actor, at=now)
    sales = Department.objects.create(account=account, name="Sales")
    set_budget(account=account, department=sales, amount=5_000, currency="usd", actor=actor, at=now)
    text = "email,department,seat\na@acme.example,Sales,yes\nb@acme.example,Sales,yes\nc@acme.example,,yes"
    effect = told(hand_in(text), actor, now)
    assert (effect.missing, effect.to_buy) == (3, 3)
    carry_out(text)
    give_pool(account, 1 + effect.to_buy, now)
    assert [place.name for place in waiting_in(account)] == ["b@acme.example"]


def test_a_reserved_seat_goes_along_only_where_there_is_room(
    split: None, europe: Region, america: Region, now: datetime, actor: Actor
) -> None:
    account = europe.account
    for name in ("Eva", "Ella"):
        seat(person(account, name, europe, now), now)
    guest, _seat = invite_with_seat(
        account=account, email="g@acme.example", role="member", department=None, name="", actor=actor, at=now
    )
    with pytest.raises(RegionFull):
        edit_invitation(account=account, invitation=guest, changes={"region": europe}, actor=actor, at=now)
    guest.refresh_from_db()
    assert guest.region is None
    edit_invitation(account=account, invitation=guest, changes={"region": america}, actor=actor, at=now)
    held = reserved_for(guest)
    assert held is not None
    assert held.region_pool is not None
    assert held.region_pool.region == america


def test_a_seat_that_one_department_cannot_pay_goes_to_the_next_in_the_queue_at_once(
    funded: Funded, now: datetime
) -> None:
    """Two of Sales stand first, whose budget has one seat; two seats come."""
    account, actor = funded.account, funded.actor
    give_pool(account, 1, now)
    seat(funded.owner, now)
    sales = Department.objects.create(account=account, name="Sales")
    ann, ben, cem = crowd(account, 3, now)
    Membership.objects.filter(pk__in=[ann.pk, ben.pk]).update(department=sales)
    for one in (ann, ben, cem):
        wait_for_seat(account=account, membership=one, actor=actor, at=now)
    set_budget(account=account, department=sales, amount=5_000, currency="usd", actor=actor, at=now)
    give_pool(account, 3, now)
    held = Assignment.objects.filter(account=account, ended_at=None, membership__in=[ann, ben, cem])
    assert {seat.membership for seat in held} == {ann, cem}
