"""The metrics of seat expansion by segment, with their definitions (product.md H1–H5)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seatportal.kit.clock import now
from seats.insight import recurring
from seats.insight.kpi_queries import SEGMENTS, growth_by_cause, kpis_by
from seats.insight.kpis import DEFINITIONS
from seats.insight.recurring_queries import money_by_currency

CAUSES = {
    "seats": gettext_lazy("Seats bought"),
    "plan": gettext_lazy("Change of plan"),
    "other": gettext_lazy("Other, such as changes at Stripe"),
}


def metrics_view(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """All accounts in one line, then one segment."""
    if not request.user.has_perm("seats.view_signal"):
        raise PermissionDenied
    at, chosen = now(), request.GET.get("by", "size")
    chosen = chosen if chosen in SEGMENTS and chosen != "all" else "size"
    causes = growth_by_cause(at)
    added = sum(cause.seats for cause in causes)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Metrics"),
        "whole": kpis_by("all", at),
        "segments": kpis_by(chosen, at),
        "by": SEGMENTS[chosen][0],
        "chips": [
            {"label": name, "url": "?" + urlencode({"by": key}), "current": key == chosen}
            for key, (name, _expression) in SEGMENTS.items()
            if key != "all"
        ],
        "causes": [(CAUSES[c.cause], c.seats, c.purchases, c.seats * 100 // added) for c in causes],
        "definitions": DEFINITIONS,
        "money": money_by_currency(at),
        "money_words": recurring.DEFINITIONS,
    }
    return TemplateResponse(request, "admin/metrics.html", context)
