"""How long a customer's purchase will take: an enterprise's 60 to 90 days, from its request on (product.md E18)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Case, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.mirror.queries import live_subscription
from billing.models import OfferRequest
from seats.growth.detectors.clock import PROCUREMENT
from seats.holders.queries import seat_counts
from seats.insight.history import twelve_months
from seats.insight.runway import Runway, runway
from seats.models import SeatRequest
from seats.requests.steps import steps_of

STAGES: dict[str, str | Promise] = {
    "asked": _("Seats asked for within the account"),
    "approving": _("Purchase waits for its approvers"),
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
    """The offer that waits, or the oldest request for a purchase, else for a seat; None where nobody asked. UTC."""
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
    # A purchase says how many seats; a person who wants one comes after it.
    asked = (
        SeatRequest.objects.filter(account=account, state=SeatRequest.State.OPEN)
        .order_by(Case(When(kind=SeatRequest.Kind.PURCHASE, then=0), default=1), "created_at", "pk")
        .first()
    )
    return _clock_of_request(asked, at, runway) if asked else None


def request_clock(request: SeatRequest, *, at: datetime) -> Procurement | None:
    """The same clock for the customer: of an open purchase that is paid by invoice; a card's is paid on approval."""
    account = request.account
    subscription = live_subscription(account)
    by_invoice = subscription is not None and subscription.collection_method == "send_invoice"
    if not by_invoice or not request.is_purchase or request.state != SeatRequest.State.OPEN:
        return None
    history, seats = twelve_months(account, at), seat_counts(account, at)
    return _clock_of_request(request, at, runway(history.points, free=seats.free, today=history.last))


def _clock_of_request(request: SeatRequest, at: datetime, ends: Runway | None) -> Procurement:
    began = request.created_at.date()
    steps = [step.decided_at.date() for step in steps_of(request) if step.decided_at] if request.is_purchase else []
    return clock_of(
        stage="approving" if request.is_purchase else "asked",
        seats=request.quantity,
        began=began,
        since=max([began, *steps]),
        today=at.date(),
        runway=ends,
    )
