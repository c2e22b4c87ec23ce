"""Buy and assign in one act: the people are noted with the quote and sit down when its seats arrive."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.access.actor import Actor
from accounts.members.invitations import revoke_invitation
from accounts.models import Account, ApiKey, Department, Invitation, Membership, Role, User
from billing.quotes.queries import lock_unused
from seatportal.kit.errors import PortalError
from seats.holders.assign_seat import assign_seat
from seats.holders.paused import check_not_paused
from seats.holders.release_seat import release_seats
from seats.holders.reserve_seat import invite_with_seat
from seats.models import Assignment, PlannedHolder
from seats.pool.regions import check_regions


@transaction.atomic
def plan_holders(
    *,
    account: Account,
    quote_id: str,
    members: Sequence[Membership],
    emails: Sequence[str],
    actor: Actor,
    department: Department | None = None,
) -> None:
    """Note whom the seats of a quote are for; noting again replaces the former list.

    department: of those who are invited anew.

    Once the quote is bought nothing changes any more, so a second click seats nobody twice. Raises QuoteUnknown, and
    RegionFull or PersonPaused where more seats would not help somebody: then nothing is bought for them.
    """
    if not lock_unused(account, quote_id):
        return
    check_regions(account, members)
    check_not_paused(account, members)
    PlannedHolder.objects.filter(account=account, quote_id=quote_id, served_at__isnull=True).delete()
    common = {"account": account, "quote_id": quote_id, "planned_by": actor.user}
    rows = [PlannedHolder(membership=member, **common) for member in members]
    rows += [PlannedHolder(email=email, department=department, **common) for email in emails]
    PlannedHolder.objects.bulk_create(rows)


def departments_to_come(
    *, account: Account, emails: Sequence[str], department: Department | None, at: datetime
) -> list[int | None]:
    """Keys of the departments in which seats will be reserved for these addresses; None: in none.

    An open invitation keeps its own; one that has a reserved seat takes no other.
    """
    invited = Invitation.objects.filter(
        account=account, state=Invitation.State.OPEN, expires_at__gt=at, email__in=[email.lower() for email in emails]
    )
    open_now = {one.email: one for one in invited}
    seats = Assignment.objects.filter(account=account, invitation__in=open_now.values(), ended_at__isnull=True)
    reserved = set(seats.values_list("invitation__email", flat=True))
    anew = department.pk if department else None
    return [
        open_now[email].department_id if email in open_now else anew
        for email in (address.lower() for address in emails)
        if email not in reserved
    ]


def lock_planned(*, account: Account, quote_id: str) -> None:
    """Lock open invitations and members noted for a quote before the pool is locked: the order that all others keep."""
    noted = list(PlannedHolder.objects.filter(account=account, quote_id=quote_id, served_at__isnull=True))
    invited = Invitation.objects.filter(
        account=account, state=Invitation.State.OPEN, email__in=[row.email.lower() for row in noted]
    )
    list(invited.select_for_update().order_by("pk"))
    members = Membership.objects.filter(account=account, pk__in=[row.membership_id for row in noted])
    list(members.select_for_update(no_key=True).order_by("pk"))


def seat_planned(
    *, account: Account, quote_id: str, at: datetime, api_key: ApiKey | None = None, approved: bool = False
) -> int:
    """Seat the people noted for a quote, in the transaction in which its seats arrive; returns how many.

    api_key: which bought them, when no person did. approved: the purchase was, so no budget stops it.
    One who cannot be seated (left, seated meanwhile) is noted with the problem and never stops the purchase.
    """
    seated = 0
    for row in PlannedHolder.objects.filter(account=account, quote_id=quote_id, served_at__isnull=True).order_by("pk"):
        actor = Actor(user=row.planned_by, api_key=api_key, door="api" if api_key else "page")
        try:
            with transaction.atomic():
                if row.membership is not None:
                    assign_seat(account=account, membership=row.membership, actor=actor, at=at, over_budget=approved)
                else:
                    invite_with_seat(
                        account=account,
                        email=row.email,
                        role=Role.MEMBER,
                        department=row.department,
                        name="",
                        actor=actor,
                        at=at,
                        over_budget=approved,
                    )
            seated += 1
            row.served_at = at
        except PortalError as error:
            row.problem = str(error)[:200]
        row.save(update_fields=["served_at", "problem"])
    return seated


def given_with(*, account: Account, quote_id: str) -> QuerySet[Assignment]:
    """Seats that people hold because of one purchase: named while buying, and unchanged since.

    An invitation that was accepted is not among them: who works already does not lose the seat by somebody's undo.
    """
    served = PlannedHolder.objects.filter(account=account, quote_id=quote_id, served_at__isnull=False)
    members = served.filter(membership__isnull=False).values("membership_id")
    addresses = served.exclude(email="").values("email")
    theirs = Q(state=Assignment.State.HELD, membership_id__in=members, invitation__isnull=True)
    theirs |= Q(state=Assignment.State.RESERVED, invitation__email__in=addresses)
    return Assignment.objects.filter(
        theirs, account=account, ended_at__isnull=True, previous__isnull=True, started_at__in=served.values("served_at")
    ).select_related("membership__user", "invitation")


def lock_given(*, account: Account, quote_id: str) -> list[Assignment]:
    """Lock the people behind `given_with` before the pool is locked, and return their seats."""
    seats = list(given_with(account=account, quote_id=quote_id).order_by("pk"))
    invited = Invitation.objects.filter(account=account, pk__in=[seat.invitation_id for seat in seats])
    list(invited.select_for_update().order_by("pk"))
    members = Membership.objects.filter(account=account, pk__in=[seat.membership_id for seat in seats])
    list(members.select_for_update(no_key=True).order_by("pk"))
    return seats


def take_back_given(
    *, account: Account, seats: Sequence[Assignment], invited_since: datetime, by: User | None, at: datetime
) -> int:
    """Take back what was given with a purchase that is undone; returns how many seats that freed.

    Call it when the pool has shrunk already, so that nobody who waits gets a seat that is about to go. An invitation
    that is older than the purchase only loses its seat. Seats that moved since they were locked stay.
    """
    still = [s for s in seats if Assignment.objects.filter(pk=s.pk, ended_at__isnull=True, state=s.state).exists()]
    new = [s for s in still if s.invitation is not None and s.invitation.created_at >= invited_since]
    release_seats(account=account, assignments=[s for s in still if s not in new], actor=Actor(user=by), at=at)
    for seat in new:
        if seat.invitation is not None:
            # The undo was allowed already; the role of who did it may have ended since.
            revoke_invitation(account=account, invitation=seat.invitation, actor=Actor.system("task"), at=at)
    return len(still)
