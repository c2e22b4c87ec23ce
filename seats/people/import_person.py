"""Do one row of a file: invite or change a person, and give or take the seat, in one transaction of the caller."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.access.actor import Actor
from accounts.directory.places import department_named, region_named
from accounts.members.details import Details
from accounts.members.edit_invitation import edit_invitation
from accounts.members.edit_member import edit_member
from accounts.members.invitations import invite_member
from accounts.models import Account, Invitation, Membership, Role
from seats.errors import AlreadySeated, AlreadyWaiting, BudgetExceeded, SeatLimitReached, SeatsFrozen
from seats.holders.claim import claim
from seats.holders.queries import open_seats, somebody_is_before
from seats.holders.release_seat import release_seats
from seats.holders.wait import leave_queue, leave_queue_invited, wait_for_seat, wait_with_invitation
from seats.models import ImportedPerson
from seats.people.facts import Facts, load_facts
from seats.people.judge import May, Outcome, Step, judge
from seats.people.plan import Line
from seats.people.wanted import Wanted

Seat = ImportedPerson.Seat


@dataclass(frozen=True)
class Done:
    """What became of a row."""

    outcome: Outcome
    seat: str = ""
    code: str = ""
    field: str = ""
    text: str = ""


@transaction.atomic
def import_person(
    *, account: Account, line: Line, in_file: frozenset[str], may: May, actor: Actor, at: datetime
) -> Done:
    """Do what the row wants, as things stand now. Raises what the verbs raise; then nothing of the row is done.

    in_file: every address of the file; a manager may be among them.
    """
    wanted = line.wanted
    if not isinstance(wanted, Wanted):
        return Done(Outcome.FAILED, "", wanted.code, wanted.field, wanted.text)
    named = {str(wanted.said["manager"])} if wanted.said.get("manager") else set()
    known = {str(wanted.said["external_id"])} if wanted.said.get("external_id") else set()
    facts = load_facts(
        account, {wanted.email} | named, external_ids=known, in_file=in_file, hierarchy=False, actor=actor, at=at
    )
    step = judge(wanted, facts, may, email=line.email)
    if step.wrong is not None:
        return Done(Outcome.FAILED, "", step.wrong.code, step.wrong.field, step.wrong.text)
    changes = _placed(account, step.changes, facts, actor, at)
    member, invitation = step.member, step.invitation
    if member is None and invitation is None:
        invitation = _invite(account, wanted.email, changes, actor, at)
    elif changes and member is not None:
        if "manager" in changes:
            changes |= _manager(changes["manager"], facts)
        member = edit_member(account=account, membership=member, changes=changes, actor=actor, at=at)
    elif changes and invitation is not None:
        if "manager" in changes:
            changes["manager_email"] = changes.pop("manager")
        invitation = edit_invitation(account=account, invitation=invitation, changes=changes, actor=actor, at=at)
    return Done(step.outcome, _move_seat(account, step, member, invitation, actor, at))


def _placed(account: Account, changes: dict[str, Any], facts: Facts, actor: Actor, at: datetime) -> dict[str, Any]:
    """The changes with departments and regions for their names; new ones are made."""
    placed = dict(changes)
    if "department" in changes:
        known = facts.departments.get(changes["department"].casefold())
        name = known.name if known else changes["department"]
        placed["department"] = department_named(account, name, actor=actor, at=at)
    if "region" in changes:
        at_hand = facts.regions.get(changes["region"].casefold())
        name = at_hand.name if at_hand else changes["region"]
        placed["region"] = region_named(account, name, actor=actor, at=at)
    return placed


def _manager(address: str, facts: Facts) -> dict[str, Any]:
    """A member; or the address of somebody who is still to join."""
    boss = facts.members.get(address)
    return {"manager": boss, "manager_email": "" if boss else address}


def _invite(account: Account, email: str, changes: dict[str, Any], actor: Actor, at: datetime) -> Invitation:
    said = dict(changes)
    role, name, department = said.pop("role", Role.MEMBER), said.pop("name", ""), said.pop("department", None)
    details = Details(manager_email=said.pop("manager", ""), **said)
    return invite_member(
        account=account,
        email=email,
        role=role,
        department=department,
        name=name,
        actor=actor,
        at=at,
        details=details,
    )[0]


def _move_seat(
    account: Account,
    step: Step,
    member: Membership | None,
    invitation: Invitation | None,
    actor: Actor,
    at: datetime,
) -> str:
    if step.seat == "give":
        return _give_or_wait(account, member, invitation, actor, at)
    if step.seat == "release":
        seats = open_seats(account)
        held = seats.filter(membership=member) if member else seats.filter(membership=None, invitation=invitation)
        release_seats(account=account, assignments=list(held), actor=actor, at=at)
        return Seat.RELEASED
    if step.seat == "leave_queue" and member is not None:
        leave_queue(account=account, membership=member, at=at)
    elif step.seat == "leave_queue" and invitation is not None:
        leave_queue_invited(invitation=invitation, at=at)
    return Seat.NOTHING


def _give_or_wait(
    account: Account, member: Membership | None, invitation: Invitation | None, actor: Actor, at: datetime
) -> str:
    """A free seat, unless somebody waits for it already; else a place in the queue. `rehearsal` plays the same."""
    person = member or invitation
    if person is not None and not somebody_is_before(account=account, region=person.region_id, at=at):
        with suppress(SeatLimitReached, SeatsFrozen, BudgetExceeded):
            claim(
                account=account,
                members=[member] if member else [],
                invitations=[invitation] if invitation and not member else [],
                actor=actor,
                at=at,
            )
            return Seat.GIVEN
    with suppress(AlreadySeated, AlreadyWaiting):
        if member is not None:
            place = wait_for_seat(account=account, membership=member, actor=actor, at=at)
            return Seat.GIVEN if place.served_at else Seat.WAITING
        if invitation is not None:
            place = wait_with_invitation(account=account, invitation=invitation, actor=actor, at=at)
            return Seat.GIVEN if place.served_at else Seat.WAITING
    return Seat.NOTHING
