"""Pause somebody: the seat is free for others, the person stays in the account and keeps their data."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership
from accounts.notices.send_notice import send_notice
from accounts.webhooks.emit_events import emit_event, member_data
from seatportal.kit.clock import noon_of
from seats.errors import NoSeatToPause, NotAMember, PauseWrong
from seats.holders.paused import pause_of
from seats.holders.queries import seat_of
from seats.holders.release_seat import release_seats
from seats.models import Assignment, Pause
from seats.pool.pools import lock_pool

LONGEST = timedelta(days=3 * 366)


@transaction.atomic
def pause_person(
    *, account: Account, membership: Membership, resumes_on: date | None, reason: str, actor: Actor, at: datetime
) -> Pause:
    """Free the seat of a holder until they are resumed, on a day or by hand; who waits gets it at once.

    For somebody who is paused already the day and the reason are changed. Raises NotAMember, NoSeatToPause, PauseWrong.
    """
    today = at.astimezone(ZoneInfo(account.time_zone)).date()
    if resumes_on is not None and not today < resumes_on <= today + LONGEST:
        raise PauseWrong(field="resumes_on")
    person = lock_person(account, membership)
    lock_pool(account)
    pause = pause_of(person)
    if pause is not None:
        if (pause.resumes_on, pause.reason) == (resumes_on, reason[:200]):
            return pause
        pause.resumes_on, pause.reason = resumes_on, reason[:200]
        pause.save(update_fields=["resumes_on", "reason"])
    else:
        seat = seat_of(person)
        if seat is None:
            raise NoSeatToPause
        pause = Pause.objects.create(
            account=account,
            membership=person,
            resumes_on=resumes_on,
            reason=reason[:200],
            paused_at=at,
            paused_by=actor.user,
        )
        release_seats(
            account=account,
            assignments=[seat],
            actor=actor,
            at=at,
            reason=reason,
            end_reason=Assignment.EndReason.PAUSED,
        )
    _tell(pause, actor, at)
    return pause


def lock_person(account: Account, membership: Membership) -> Membership:
    """The member, locked before the pool. Raises NotAMember."""
    person = (
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user", "account")
        .filter(account=account, pk=membership.pk, left_at__isnull=True)
        .first()
    )
    if person is None:
        raise NotAMember
    return person


def _tell(pause: Pause, actor: Actor, at: datetime) -> None:
    person, account = pause.membership, pause.account
    day = pause.resumes_on.isoformat() if pause.resumes_on else None
    record_audit(
        account=account,
        actor=actor,
        action="member.paused",
        target=person.public_id,
        summary=str(person.user),
        reason=pause.reason,
        resumes_on=day or "",
    )
    told = {"member": member_data(person), "resumes_on": day, "reason": pause.reason}
    emit_event(account=account, kind="member.paused", data=told, at=at)
    back = {"back_at": noon_of(pause.resumes_on, account.time_zone)} if pause.resumes_on else {}
    send_notice(
        account=account,
        kind="seat_paused",
        key=f"seat_paused:{pause.public_id}:{day or ''}",
        to=[person.user],
        roles=(),
        context={"link": reverse("seats:me", args=[account.slug]), **back},
        at=at,
    )
