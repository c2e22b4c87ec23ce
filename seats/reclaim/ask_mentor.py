"""Ask somebody who works with the product nearly every day to help colleagues begin."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership
from accounts.notices.send_notice import send_notice
from seats.errors import NoPowerUser, NudgedLately, NudgeRefused, UsageIsPrivate
from seats.insight.activity import activity_of
from seats.insight.use_report import POWER_DAYS
from seats.models import Assignment, Nudge
from seats.reclaim.nudge_people import LeftOut, lock_people, quiet
from seats.usage.settings import groups_only


@transaction.atomic
def ask_mentor(*, account: Account, membership: Membership, words: str, actor: Actor, at: datetime) -> Nudge:
    """One mail with the sender's own words, if any; the person answers the sender directly.

    Raises NoPowerUser (fewer than 20 active days of the last 30, or no seat), NudgedLately (asked within 14 days),
    NudgeRefused, UsageIsPrivate.
    """
    if groups_only(account):
        raise UsageIsPrivate
    person = lock_people(account, [membership.pk]).get(membership.pk)
    seat = Assignment.objects.filter(account=account, membership=membership, ended_at__isnull=True).first()
    use = activity_of(account, [membership.pk], at).get(membership.pk)
    if person is None or seat is None or use is None or use.active_days < POWER_DAYS:
        raise NoPowerUser
    why = quiet([person.pk], Nudge.Kind.MENTOR, at).get(person.pk)
    if why is not None:
        raise NudgeRefused if why == LeftOut.REFUSED else NudgedLately
    nudge = Nudge.objects.create(
        account=account,
        membership=person,
        assignment=seat,
        kind=Nudge.Kind.MENTOR,
        at=at,
        by=actor.user,
        words=words.strip()[:300],
    )
    send_notice(
        account=account,
        kind="mentor",
        key=f"mentor:{nudge.public_id}",
        context={
            "personal": True,
            "days": use.active_days,
            "features": list(use.top),
            "who": str(actor.user) if actor.user else account.name,
            "address": actor.user.email if actor.user else "",
            "words": nudge.words,
        },
        to=[person.user],
        roles=(),
        at=at,
    )
    record_audit(account=account, actor=actor, action="mentor.asked", target=nudge.public_id, summary=str(person.user))
    return nudge
