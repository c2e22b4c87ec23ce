"""A member's own page: my seat, my use, who can help."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from accounts.access.roles import roles_with
from accounts.members.queries import helpers_of
from seatportal.kit.clock import now
from seats.holders.paused import pause_of
from seats.holders.queries import tenures_of, waiting_in
from seats.insight.rows import row_of
from seats.insight.states import Standing
from seats.models import SeatRequest
from seats.pool.pools import pool_of
from seats.pool.rules import seats_off
from seats.reclaim.answer_nudge import refuses_nudges
from seats.requests.queries import latest_request_of, purchases_with
from seats.requests.rules import may_remind_at
from seats.sharing.queries import case_for, tell
from seats.sharing.show_cases import ANSWER_WITHIN


@requires(None)
@require_safe
def my_page(request: AccountRequest) -> HttpResponse:
    """What an ordinary member sees of the account."""
    at = now()
    row = row_of(request.account, request.membership, at, own=True)
    asked = latest_request_of(request.membership)
    is_open = asked is not None and asked.state == SeatRequest.State.OPEN
    ahead = list(waiting_in(request.account).values_list("membership_id", flat=True)) if not row.seat else []
    mine = request.membership.pk
    case = case_for(request.membership)
    context: dict[str, Any] = {
        "off": seats_off(pool_of(request.account).frozen),
        "row": row,
        "told": tell(case) if case else None,
        "days": ANSWER_WITHIN.days,
        "asked": asked if asked and (is_open or not row.seat) else None,
        "is_open": is_open,
        "remind_at": may_remind_at(asked_at=asked.created_at, reminded_at=asked.reminded_at) if asked else None,
        "may_remind": asked is not None
        and at >= may_remind_at(asked_at=asked.created_at, reminded_at=asked.reminded_at),
        "pause": pause_of(request.membership),
        "place": ahead.index(mine) + 1 if mine in ahead else None,
        "tenures": tenures_of(request.membership).filter(ended_at__isnull=False)[:10],
        "helpers": helpers_of(request.account, roles=roles_with("seats.assign")),
        "may_have_mails": "usage.view" in request.capabilities,
        "refuses_nudges": refuses_nudges(request.membership),
        "purchases": purchases_with(request.membership),
        # Whoever may buy or decides finds it where they work.
        "may_ask_more": "requests.make" in request.capabilities
        and request.capabilities.isdisjoint({"seats.buy", "requests.decide"}),
        "may_ask": "requests.make" in request.capabilities and row.state.standing != Standing.PAUSED,
    }
    return render(request, "seats/my_page.html", context)
