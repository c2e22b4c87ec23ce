"""The signals that a customer sees about itself: those of the account team, without what comes from their notes."""

from django.db.models import QuerySet

from accounts.models import Account
from seats.insight.use_report import SMALLEST_GROUP
from seats.models import Signal, ValueGoal
from seats.usage.settings import groups_only

Kind = Signal.Kind
# From the staff's own map of people, and from their calendar.
NOTES = frozenset({Kind.CHAMPION_LEFT, Kind.CHECK_IN})
# What a few people did, or one by name.
OF_FEW = frozenset({Kind.POWER_USERS, Kind.SHARING, Kind.NEW_LEADER})
SHOWN = tuple(kind for kind in Kind if kind not in NOTES)


def signals_shown_to(account: Account, *, kind: str = "", state: str = "") -> QuerySet[Signal]:
    """Signals of the account. kind: one of SHOWN. state: open or ended. In privacy mode none of OF_FEW, and
    no goal that fewer than five people reached, also where it was seen before."""
    found = Signal.objects.filter(account=account).exclude(kind__in=NOTES)
    if groups_only(account):
        few = ValueGoal.objects.filter(account=account, people__lt=SMALLEST_GROUP)
        found = found.exclude(kind__in=OF_FEW).exclude(kind=Kind.VALUE_PROVEN, subject__in=few.values("public_id"))
    if kind:
        found = found.filter(kind=kind)
    if state:
        found = found.filter(ended_at__isnull=state == "open")
    return found
