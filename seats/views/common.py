"""What several seat pages share."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.access.pages import AccountRequest
from seatportal.kit.clock import now
from seats.errors import RegionFull, SeatLimitReached
from seats.frame import pool_for
from seats.holders.queries import SeatCounts, open_seats, seat_counts
from seats.insight.people import count_idle, idle_people
from seats.models import Assignment


def counts_for(request: AccountRequest) -> SeatCounts:
    """The account's seat counts, read once a request."""
    seen = vars(request)
    if "_seat_counts" not in seen:
        seen["_seat_counts"] = seat_counts(request.account, now(), pool=pool_for(request))
    counts: SeatCounts = seen["_seat_counts"]
    return counts


def find_seat(request: AccountRequest, seat_id: str) -> Assignment:
    """An open seat of the account, or 404."""
    seat = (
        open_seats(request.account)
        .select_related("membership__user", "membership__department", "invitation", "started_by")
        .filter(public_id=seat_id)
        .first()
    )
    if seat is None:
        raise Http404
    return seat


def page_link(request: AccountRequest, name: str, *args: str, **query: object) -> str:
    """The address of a page of this account."""
    url = reverse(f"seats:{name}", args=[request.account.slug, *args])
    return f"{url}?{urlencode(query)}" if query else url


def to_list(
    request: AccountRequest,
    text: str,
    *,
    undo: Assignment | Sequence[Assignment] | None = None,
    last: bool = False,
) -> HttpResponse:
    """Back to the seats table, which says what happened and offers to take it back, for one seat or several.

    last: for the act that the session keeps (bulk_undone.py).
    """
    messages.success(request, text)
    seats = [undo] if isinstance(undo, Assignment) else undo or ()
    query = urlencode([("undo", seat.public_id) for seat in seats] + ([("undo", "last")] if last else []))
    return redirect(f"{page_link(request, 'list')}?{query}" if query else page_link(request, "list"))


def ways_out(request: AccountRequest, refusal: SeatLimitReached, at: datetime, *, mover: bool = True) -> dict[str, Any]:
    """What seats/parts/full.html says where somebody got no seat; idle seats do not help where a region is full.

    mover: the person is a member already, so that a seat can be moved to them.
    """
    if isinstance(refusal, RegionFull):
        return {"refusal": refusal}
    return {
        "refusal": refusal,
        "idle": idle_people(request.account, at, size=3) if mover else [],
        "idle_count": count_idle(request.account, at),
    }


def csv_delimiter() -> str:
    """A semicolon where the comma is a decimal sign."""
    return "," if (get_language() or "en").startswith("en") else ";"


def seats_sentence(counts: SeatCounts) -> str:
    """The state of the pool in one line."""
    return _("%(purchased)d purchased · %(held)d assigned · %(reserved)d reserved · %(free)d free") % {
        "purchased": counts.purchased,
        "held": counts.held,
        "reserved": counts.reserved,
        "free": counts.free,
    }
