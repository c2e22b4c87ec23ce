"""How the seats are used: a first, small page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from seatportal.kit.charts import histogram
from seatportal.kit.clock import now
from seats.insight.people import count_idle, idle_people
from seats.insight.use import active_days, feature_matrix
from seats.models import DailyUsage
from seats.sharing.queries import open_cases
from seats.sharing.show_cases import SEES
from seats.views.common import counts_for

IDLE_SHOWN = 10


@requires("usage.view")
@require_safe
def usage(request: AccountRequest) -> HttpResponse:
    """The sentence, active days, features by person, the idle and the busiest."""
    at = now()
    buckets, power = active_days(request.account, at)
    context: dict[str, Any] = {
        "counts": counts_for(request),
        "received": DailyUsage.objects.filter(account=request.account).exists(),
        "buckets": list(zip(buckets, histogram([bucket.people for bucket in buckets]), strict=True)),
        "power": power,
        "idle": idle_people(request.account, at, size=IDLE_SHOWN),
        "idle_count": count_idle(request.account, at),
        "matrix": feature_matrix(request.account, at),
        "shared": open_cases(request.account).count() if SEES in request.capabilities else 0,
        "may_assign": "seats.assign" in request.capabilities,
    }
    return render(request, "seats/usage.html", context)
