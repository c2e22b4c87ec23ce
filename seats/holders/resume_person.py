"""Bring somebody back: by hand, on the day that was set, or because the pause was a mistake."""

from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership
from accounts.notices.send_notice import send_notice
from accounts.webhooks.emit_events import emit_event, member_data
from seats.errors import BudgetExceeded, NotPaused, SeatLimitReached, SeatsFrozen
from seats.holders.claim import claim, seat_data
from seats.holders.pause_person import lock_person
from seats.holders.queries import seat_of, somebody_is_before
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, Pause
from seats.pool.pools import lock_pool

# No zone is further ahead of UTC.
FURTHEST_AHEAD = timedelta(hours=14)

log = structlog.get_logger(__name__)


@transaction.atomic
def resume_person(*, account: Account, membership: Membership, actor: Actor, at: datetime) -> Assignment | None:
    """End a pause: the person takes a free seat, or waits for one behind those who wait; the seat, or None.

    Whose department's budget is used up waits too. Raises NotAMember, NotPaused.
    """
    pause = _end(account, membership, actor, at)
    person = pause.membership
    seat = None
    if not somebody_is_before(account=account, region=person.region_id, at=at):
        with suppress(SeatLimitReached, SeatsFrozen, BudgetExceeded):
            (seat,) = claim(account=account, members=[person], actor=actor, at=at)
    if seat is None and wait_for_seat(account=account, membership=person, actor=actor, at=at).served_at:
        seat = seat_of(person)
    _tell(pause, seat, actor, at)
    return seat


@transaction.atomic
def take_back_pause(*, account: Account, membership: Membership, actor: Actor, at: datetime) -> Assignment:
    """Undo a pause: the seat back, or nothing at all. Raises NotAMember, NotPaused, and what a claim raises."""
    pause = _end(account, membership, actor, at)
    (seat,) = claim(account=account, members=[pause.membership], actor=actor, at=at)
    _tell(pause, seat, actor, at)
    return seat


def resume_due(*, at: datetime) -> int:
    """Bring back whose day has come, by the account's calendar; returns how many. One that fails stops no other.

    The row is the job, so a late run finds what was due, and a second one nothing.
    """
    resumed = 0
    due = Pause.objects.filter(
        ended_at__isnull=True, resumes_on__lte=(at + FURTHEST_AHEAD).date(), membership__left_at__isnull=True
    ).select_related("account", "membership")
    for pause in due.order_by("resumes_on", "pk"):
        if pause.resumes_on is None or pause.resumes_on > at.astimezone(ZoneInfo(pause.account.time_zone)).date():
            continue
        try:
            resume_person(account=pause.account, membership=pause.membership, actor=Actor.system("task"), at=at)
            resumed += 1
        except NotPaused:
            pass  # somebody was faster
        except Exception:
            log.exception("pause_not_ended", account=pause.account.public_id)
    return resumed


def forget_pause(*, account: Account, membership: Membership, actor: Actor, at: datetime) -> None:
    """Who leaves the account is not paused any more."""
    Pause.objects.filter(account=account, membership=membership, ended_at__isnull=True).update(
        ended_at=at, ended_by=actor.user
    )


def _end(account: Account, membership: Membership, actor: Actor, at: datetime) -> Pause:
    person = lock_person(account, membership)
    lock_pool(account)
    pause = (
        Pause.objects.select_for_update(no_key=True)
        .filter(account=account, membership=person, ended_at__isnull=True)
        .first()
    )
    if pause is None:
        raise NotPaused
    pause.membership = person
    pause.ended_at, pause.ended_by = at, actor.user
    pause.save(update_fields=["ended_at", "ended_by"])
    return pause


def _tell(pause: Pause, seat: Assignment | None, actor: Actor, at: datetime) -> None:
    person, account = pause.membership, pause.account
    record_audit(
        account=account,
        actor=actor,
        action="member.resumed",
        target=person.public_id,
        summary=str(person.user),
        seat=seat.public_id if seat else "",
    )
    told = {"member": member_data(person), "seat": seat_data(seat) if seat else None}
    emit_event(account=account, kind="member.resumed", data=told, at=at)
    send_notice(
        account=account,
        kind="seat_resumed",
        key=f"seat_resumed:{pause.public_id}",
        to=[person.user],
        roles=(),
        context={"link": reverse("seats:me", args=[account.slug]), "seated": seat is not None},
        at=at,
    )
