"""One person: the seat, its history, the use, and what can be done."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from accounts.members.queries import members_of
from seatportal.kit.clock import now
from seats.holders.paused import pause_of
from seats.holders.queries import tenures_of
from seats.insight.rows import row_of


@requires("seats.view")
@require_safe
def person(request: AccountRequest, member_id: str) -> HttpResponse:
    """As a page, or in a drawer beside the table."""
    member = get_object_or_404(members_of(request.account), public_id=member_id)
    row = row_of(request.account, member, now())
    context: dict[str, Any] = {
        "row": row,
        "member": member,
        "pause": pause_of(member),
        "tenures": tenures_of(member),
        "use": row.activity if "usage.view" in request.capabilities else None,
        "may_assign": "seats.assign" in request.capabilities,
    }
    return render(request, "seats/person.html", context)
