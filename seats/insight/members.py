"""Members together with their seats: one query for lists, whatever is asked."""

from datetime import datetime

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from accounts.members.queries import members_of
from accounts.models import Account, Membership
from seats.errors import UsageIsPrivate
from seats.holders.queries import waiting_in
from seats.models import Assignment, Pause
from seats.usage.settings import groups_only, setting_of

HELD, NONE, WAITING, PAUSED = "held", "none", "waiting", "paused"
SEATS = (HELD, NONE, WAITING, PAUSED)


def members_with_seats(
    account: Account,
    *,
    search: str = "",
    role: str = "",
    department: str = "",
    seat: str = "",
    active_since: datetime | None = None,
) -> QuerySet[Membership]:
    """Members with `seat_id` and `seat_since` (None without a seat), `waiting`, `paused` with `resumes_on`, and
    `seen_at`, their last activity.

    With privacy mode on seen_at is None for all, and nobody can be chosen by it. Raises UsageIsPrivate.

    search: a part of name or address. department: its id or name. seat: held, none (of all without one),
    waiting or paused.
    """
    # Of each there is at most one, so none has to be put in order.
    held = Assignment.objects.filter(account=account, membership=OuterRef("pk"), ended_at__isnull=True).order_by()
    pauses = Pause.objects.filter(account=account, membership=OuterRef("pk"), ended_at__isnull=True).order_by()
    if active_since is not None and groups_only(account):
        raise UsageIsPrivate(field="active_since")
    private = Coalesce(setting_of(account, "groups_only"), False)
    rows = members_of(account).annotate(
        manager_public_id=F("manager__public_id"),
        seen_at=Case(When(private, then=None), default=F("last_active_at")),
        seat_id=Subquery(held.values("public_id")[:1]),
        seat_since=Subquery(held.values("started_at")[:1]),
        paused=Exists(pauses),
        resumes_on=Subquery(pauses.values("resumes_on")[:1]),
        waiting=Exists(waiting_in(account).filter(membership=OuterRef("pk"))),
    )
    if search:
        rows = rows.filter(Q(user__name__icontains=search) | Q(user__email__icontains=search))
    if role:
        rows = rows.filter(role=role)
    if department:
        rows = rows.filter(Q(department__public_id=department) | Q(department__name__iexact=department))
    if active_since is not None:
        rows = rows.filter(last_active_at__gte=active_since)
    if seat == HELD:
        rows = rows.filter(Exists(held))
    elif seat == NONE:
        rows = rows.filter(~Exists(held))
    elif seat == WAITING:
        rows = rows.filter(waiting=True)
    elif seat == PAUSED:
        rows = rows.filter(paused=True)
    return rows
