"""What one row of a file does: invite, change, nothing, or why not. Asks no database; refusals are the verbs' own."""

from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from accounts.members.rules import check_grant, check_role_change
from accounts.models import Invitation, Membership, Role
from seatportal.kit.errors import PortalError
from seats.models import ImportedPerson
from seats.people.facts import Facts
from seats.people.wanted import Wanted, Wrong

Outcome = ImportedPerson.Outcome
PLACES = ("department", "region")


@dataclass(frozen=True)
class Step:
    """changes: what is new, as the row says it (names of places, addresses of managers); before: what stood there.

    seat: "give", "release", "leave_queue" or empty. waits_for: of whom none is given: "seat", "region" or "budget" to
    have room, or "frozen", until seats may be given again.
    """

    outcome: Outcome
    email: str
    member: Membership | None = None
    invitation: Invitation | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    seat: str = ""
    waits_for: str = ""
    wrong: Wrong | None = None


@dataclass(frozen=True)
class May:
    """What whoever handed the file in may do beside managing people."""

    give_seats: bool = True
    add_places: bool = True


def judge(wanted: Wanted | Wrong, facts: Facts, may: May, *, email: str) -> Step:
    """email: as it stands in the file, to name a row that cannot be read."""
    if isinstance(wanted, Wrong):
        return Step(Outcome.FAILED, email, wrong=wanted)
    member = facts.members.get(wanted.email)
    invitation = None if member else facts.invitations.get(wanted.email)
    before = _noted(member or invitation)
    changes = {name: value for name, value in wanted.said.items() if _differs(name, value, before)}
    if member is not None:
        changes.pop("name", None)  # people write their own names
    step = Step(
        Outcome.CHANGED if member or invitation else Outcome.INVITED,
        wanted.email,
        member,
        invitation,
        changes,
        {name: before.get(name, "") for name in changes},
    )
    wrong = _refusal(step, facts, may) or _seat_refusal(wanted, may)
    if wrong is not None:
        return Step(Outcome.FAILED, wanted.email, member, invitation, wrong=wrong)
    step = replace(step, seat=_seat(wanted, facts))
    if step.outcome == Outcome.CHANGED and not step.changes and not step.seat:
        return replace(step, outcome=Outcome.UNCHANGED)
    return step


def remember(step: Step, facts: Facts) -> None:
    """Judge the next row as though this one was done."""
    if step.wrong is not None:
        return
    if "manager" in step.changes:
        facts.bosses.pop(step.email, None)
        if step.changes["manager"]:
            facts.bosses[step.email] = step.changes["manager"]
    if step.changes.get("external_id"):
        facts.external_ids[step.changes["external_id"]] = step.email
    if step.member is not None and "role" in step.changes:
        facts.owners += (step.changes["role"] == Role.OWNER) - (step.member.role == Role.OWNER)


def _noted(person: Membership | Invitation | None) -> dict[str, Any]:
    """What the account notes about somebody, as rows of files say it."""
    if person is None:
        return {}
    names = ("role", "title", "employment", "level", "ends_on", "external_id")
    manager = person.manager if isinstance(person, Membership) else None
    return {name: getattr(person, name) for name in names} | {
        "name": person.user.name if isinstance(person, Membership) else person.name,
        "department": person.department.name if person.department else "",
        "region": person.region.name if person.region else "",
        "manager": manager.user.email if manager else person.manager_email,
    }


def _differs(name: str, value: Any, before: dict[str, Any]) -> bool:
    if name in PLACES:
        return bool(value.casefold() != before.get(name, "").casefold())
    return bool(value != before.get(name, None if name == "ends_on" else ""))


def _refusal(step: Step, facts: Facts, may: May) -> Wrong | None:
    try:
        if step.member is None:
            if step.invitation is not None:
                check_grant(by=facts.by, role=step.invitation.role)
            check_grant(by=facts.by, role=step.changes.get("role", Role.MEMBER))
        elif "role" in step.changes:
            role = step.changes["role"]
            check_role_change(by=facts.by, role=step.member.role, new_role=role, owners=facts.owners)
    except PortalError as error:
        return Wrong(error.code, "role", str(error))
    for name, known in (("department", facts.departments), ("region", facts.regions)):
        place = step.changes.get(name)
        if place and place.casefold() not in known and not may.add_places:
            text = _("There is no “%(name)s”, and you may not add it. Ask an admin.") % {"name": place}
            return Wrong("capability_missing", name, text)
    owner = facts.external_ids.get(step.changes.get("external_id") or "")
    if owner is not None:  # Whoever has it already changes nothing by it.
        text = _("%(email)s has this id already. Each person has their own.") % {"email": owner}
        return Wrong("external_id_taken", "external_id", text)
    return _manager_refusal(step, facts)


def _manager_refusal(step: Step, facts: Facts) -> Wrong | None:
    manager = step.changes.get("manager")
    if not manager:
        return None
    if manager not in facts.members and manager not in facts.invitations and manager not in facts.in_file:
        text = _("Nobody in the account or in the file has this address.")
        return Wrong("bad_setting", "manager", text)
    seen, above = {step.email}, manager
    while above and above not in seen:
        seen.add(above)
        above = facts.bosses.get(above, "")
    if above == step.email:
        text = _("This manager reports to the person. Change the manager's own row first.")
        return Wrong("bad_setting", "manager", text)
    return None


def _seat_refusal(wanted: Wanted, may: May) -> Wrong | None:
    if wanted.seat is None or may.give_seats:
        return None
    return Wrong("capability_missing", "seat", _("You may not give or take seats. Leave this column empty."))


def _seat(wanted: Wanted, facts: Facts) -> str:
    has, waits = wanted.email in facts.seated, wanted.email in facts.waiting
    if wanted.seat:
        return "" if has or waits else "give"
    if wanted.seat is False:
        return "release" if has else "leave_queue" if waits else ""
    return ""
