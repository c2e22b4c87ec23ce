"""Ask the holders of idle seats by mail whether they still need them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership
from accounts.notices.send_notice import send_notice
from seats.errors import NobodyToNudge, UsageIsPrivate
from seats.models import Assignment, Nudge, NudgeRefusal
from seats.reclaim.reclaim_seats import is_idle
from seats.usage.settings import groups_only

# The same person is asked the same thing once in so long.
AGAIN_AFTER = timedelta(days=14)


class LeftOut(StrEnum):
    """Why somebody was not asked."""

    ACTIVE = "active"
    LATELY = "lately"
    REFUSED = "refused"


@dataclass(frozen=True)
class Nudged:
    """Who was asked, and who was left out and why. gone: seats that nobody chosen holds any more."""

    asked: list[Nudge]
    left_out: dict[LeftOut, list[Membership]] = field(default_factory=dict)
    gone: int = 0


@transaction.atomic
def nudge_people(*, account: Account, seat_ids: Collection[str], actor: Actor, at: datetime) -> Nudged:
    """One mail to the holder of each of these seats, in their own language: row first, sent after commit.

    Left out are those who work again, who were asked in the last 14 days, and who want no such mail. Two clicks at
    once wait for each other at the members' rows, so the second one finds the first one's nudge.

    Raises NobodyToNudge when nobody is left, UsageIsPrivate in privacy mode.
    """
    if groups_only(account):
        raise UsageIsPrivate
    seats = Assignment.objects.filter(
        account=account, public_id__in=seat_ids, ended_at__isnull=True, state=Assignment.State.HELD
    )
    people = lock_people(account, seats.values_list("membership_id", flat=True))
    held = [(seat, people[seat.membership_id]) for seat in seats.order_by("pk") if seat.membership_id in people]
    kept_quiet = quiet(people, Nudge.Kind.IDLE, at)
    asked: list[Nudge] = []
    left_out: dict[LeftOut, list[Membership]] = {}
    for seat, person in held:
        why = kept_quiet.get(person.pk) or (None if is_idle(seat, person, at) else LeftOut.ACTIVE)
        if why is not None:
            left_out.setdefault(why, []).append(person)
        else:
            asked.append(_ask(seat, person, actor, at))
    if not asked:
        raise NobodyToNudge
    return Nudged(asked=asked, left_out=left_out, gone=len(set(seat_ids)) - len(held))


def lock_people(account: Account, ids: Collection[int | None]) -> dict[int, Membership]:
    """The present members of these ids, locked in the order of their keys."""
    members = Membership.objects.select_for_update(no_key=True, of=("self",)).filter(
        account=account, pk__in=[pk for pk in ids if pk is not None], left_at__isnull=True, user__is_active=True
    )
    return {member.pk: member for member in members.select_related("user").order_by("pk")}


def quiet(people: Collection[int], kind: str, at: datetime) -> dict[int, LeftOut]:
    """Those of these members who are not to be written to now."""
    lately = Nudge.objects.filter(membership__in=people, kind=kind, at__gt=at - AGAIN_AFTER)
    found = dict.fromkeys(lately.values_list("membership_id", flat=True), LeftOut.LATELY)
    refused = NudgeRefusal.objects.filter(membership__in=people).values_list("membership_id", flat=True)
    return found | dict.fromkeys(refused, LeftOut.REFUSED)


def _ask(seat: Assignment, person: Membership, actor: Actor, at: datetime) -> Nudge:
    since = max(seat.started_at, person.last_active_at) if person.last_active_at else seat.started_at
    nudge = Nudge.objects.create(
        account=seat.account,
        membership=person,
        assignment=seat,
        kind=Nudge.Kind.IDLE,
        at=at,
        by=actor.user,
        silent_since=since,
    )
    send_notice(
        account=seat.account,
        kind="nudge",
        key=f"nudge:{nudge.public_id}",
        context={
            "personal": True,
            "since_at": since.isoformat(),
            "never": person.last_active_at is None,
            "who": str(actor.user) if actor.user else seat.account.name,
            "link": reverse("seats:nudge", args=["x"]).removesuffix("x/"),
            "sign": ["nudge", nudge.public_id],
        },
        to=[person.user],
        roles=(),
        at=at,
    )
    record_audit(
        account=seat.account, actor=actor, action="seat.nudged", target=nudge.public_id, summary=str(person.user)
    )
    return nudge
