"""How long a customer's purchase will take: an enterprise's 60 to 90 days, from its request on (product.md E18)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.models import OfferRequest
from seats.growth.detectors.clock import PROCUREMENT
from seats.insight.runway import Runway
from seats.models import SeatRequest

STAGES: dict[str, str | Promise] = {
    "asked": _("Seats asked for within the account"),
    "open": _("Offer asked for"),
    "offered": _("Offer made"),
}


@dataclass(frozen=True)
class Procurement:
    """One purchase on its way. began: the request, from which the days count. since: when its stage began.

    crosses: the quarter of today may be over before it closes. outruns: the seats may be gone by then.
    """

    stage: str
    seats: int | None
    began: date
    since: date
    earliest: date
    latest: date
    quarter_ends: date
    aged: int
    crosses: bool
    outruns: bool

    @property
    def label(self) -> str | Promise:
        """The stage in words."""
        return STAGES[self.stage]


def quarter_end(day: date) -> date:
    """The last day of the calendar's quarter."""
    month = (day.month + 2) // 3 * 3
    return date(day.year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def clock_of(
    *, stage: str, seats: int | None, began: date, since: date, today: date, runway: Runway | None
) -> Procurement:
    """Expected close: the request + 60 to 90 days. Warns by the later day: that is the one to be ready for. Pure."""
    shortest, longest = PROCUREMENT
    latest, ends = began + timedelta(days=longest), quarter_end(today)
    return Procurement(
        stage=stage,
        seats=seats,
        began=began,
        since=since,
        earliest=began + timedelta(days=shortest),
        latest=latest,
        quarter_ends=ends,
        aged=(today - since).days,
        crosses=latest > ends,
        outruns=runway is not None and runway.early < latest,
    )


def procurement_of(account: Account, *, at: datetime, runway: Runway | None) -> Procurement | None:
    """The offer that waits, or the oldest request for a seat; None where nobody asked. Days in UTC."""
    offer = OfferRequest.objects.filter(account=account, state__in=OfferRequest.PENDING).first()
    if offer is not None:
        offered = offer.answered_at if offer.state == OfferRequest.State.OFFERED else None
        return clock_of(
            stage=offer.state,
            seats=offer.quantity,
            began=offer.created_at.date(),
            since=(offered or offer.created_at).date(),
            today=at.date(),
            runway=runway,
        )
    asked = SeatRequest.objects.filter(account=account, state=SeatRequest.State.OPEN).order_by("created_at").first()
    if asked is None:
        return None
    began = asked.created_at.date()
    return clock_of(stage="asked", seats=None, began=began, since=began, today=at.date(), runway=runway)
