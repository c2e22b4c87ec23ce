"""Where each person of a directory stands, told by the database with the person."""

from django.db.models import Case, CharField, Exists, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.models import Account, DirectoryPerson, Membership
from seats.models import Assignment, Pause, WaitingPerson

SEATED = "seated"
WAITING = "waiting_for_seat"
PAUSED = "paused"
NO_SEAT = "no_seat"
NO_ADDRESS = "no_address"
REMOVED = "removed"
INACTIVE = "inactive"
STATES = (SEATED, WAITING, PAUSED, NO_SEAT, NO_ADDRESS, REMOVED, INACTIVE)


def people_of(account: Account) -> QuerySet[DirectoryPerson]:
    """The account's people with what the portal knows of them.

    seat_state: one of STATES. shown_active: the directory says so and the portal did not remove them. member_id,
    shown_title, shown_region, shown_department, shown_department_id (public id): the membership's while there is one.
    """
    live = Membership.objects.filter(account=account, user=OuterRef("user"), left_at__isnull=True)
    holders = Assignment.objects.filter(account=account, membership__user=OuterRef("user"), ended_at__isnull=True)
    queue = WaitingPerson.objects.filter(
        account=account, membership__user=OuterRef("user"), served_at__isnull=True, withdrawn_at__isnull=True
    )
    pauses = Pause.objects.filter(account=account, membership__user=OuterRef("user"), ended_at__isnull=True)
    state = Case(
        When(active=False, then=Value(INACTIVE)),
        When(user__isnull=True, then=Value(NO_ADDRESS)),
        When(member_id__isnull=True, then=Value(REMOVED)),
        When(Exists(holders), then=Value(SEATED)),
        When(Exists(queue), then=Value(WAITING)),
        When(Exists(pauses), then=Value(PAUSED)),
        default=Value(NO_SEAT),
        output_field=CharField(),
    )
    people = DirectoryPerson.objects.filter(account=account).select_related("manager")
    return people.annotate(
        member_id=Subquery(live.values("public_id")[:1]),
        seat_state=state,
        shown_region=Case(
            When(member_id__isnull=False, then=Subquery(live.values("region__name")[:1])),
            default=F("region__name"),
        ),
        shown_title=Coalesce(Subquery(live.values("title")[:1]), F("title")),
        shown_department=Case(
            When(member_id__isnull=False, then=Subquery(live.values("department__name")[:1])),
            default=F("department__name"),
        ),
        shown_department_id=Case(
            When(member_id__isnull=False, then=Subquery(live.values("department__public_id")[:1])),
            default=F("department__public_id"),
        ),
    )
