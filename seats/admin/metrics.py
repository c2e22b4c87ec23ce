"""The metrics of seat expansion by segment and over months, with their definitions (product.md H1–H6)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.forms import INDUSTRIES
from seatportal.kit.charts import line_chart
from seatportal.kit.clock import now
from seatportal.kit.money import to_decimal
from seatportal.kit.tables import csv_response
from seatportal.templatetags.portal import money
from seats.insight import recurring
from seats.insight.kpi_queries import growth_by_cause, kpis_by_month, kpis_of_month, months_to_show, newest_month
from seats.insight.kpis import DEFINITIONS
from seats.insight.recurring_queries import added_by_seats, money_by_currency
from seats.insight.segments import SEGMENTS
from seats.insight.trends import MEASURES, MONEY, Trend, Value, money_measure, money_trend, trend_of

CAUSES = {
    "seats": gettext_lazy("Seats bought"),
    "plan": gettext_lazy("Change of plan"),
    "other": gettext_lazy("Other, such as changes at Stripe"),
}
# Lines in the drawing: the largest segments. The table and the file have all of them.
DRAWN = 5


def metrics_view(request: HttpRequest, site: AdminSite) -> HttpResponse | StreamingHttpResponse:
    """All accounts, then one segment now, and one measure of it over months; `?format=csv` downloads the last."""
    if not request.user.has_perm("seats.view_signal"):
        raise PermissionDenied
    at, month = now(), newest_month()
    by, over = request.GET.get("by", ""), request.GET.get("over", "")
    by = by if by in SEGMENTS and by != "all" else "size"
    currencies = money_by_currency(at)
    measures = MEASURES | {f"{MONEY}{one.currency}": money_measure(one.currency) for one in currencies}
    over = over if over in measures else "mean"
    trend = _trend(by, over, measures[over].unit, at)
    if request.GET.get("format") == "csv":
        return csv_response(f"metrics-{over}-by-{by}", [_("Month"), *_names(by, trend)], _rows(trend))
    causes = growth_by_cause(at)
    added = sum(cause.seats for cause in causes)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Metrics"),
        "month": month,
        "whole": [(_("All accounts"), row) for row in kpis_of_month("all", month.first)] if month else [],
        "segments": [(_named(by, row.segment), row) for row in kpis_of_month(by, month.first)] if month else [],
        "by": SEGMENTS[by][0],
        "chips": [_chip(name, key, over, key == by) for key, (name, _expression) in SEGMENTS.items() if key != "all"],
        "measures": [
            _chip(f"{one.title}, {one.unit.upper()}" if key.startswith(MONEY) else one.title, by, key, key == over)
            for key, one in measures.items()
        ],
        "trend": _drawn(by, trend) if trend.lines else None,
        "csv": "?" + urlencode({"by": by, "over": over, "format": "csv"}),
        "causes": [(CAUSES[c.cause], c.seats, c.purchases, c.seats * 100 // added) for c in causes],
        "definitions": DEFINITIONS,
        "money": currencies,
        "money_words": recurring.DEFINITIONS,
    }
    return TemplateResponse(request, "admin/metrics.html", context)


def _chip(label: object, by: str, over: str, current: bool) -> dict[str, Any]:
    return {"label": label, "url": "?" + urlencode({"by": by, "over": over}), "current": current}


def _trend(by: str, over: str, unit: str, at: datetime) -> Trend:
    months = [row.first for row in months_to_show()]
    by_month = kpis_by_month(by, months)
    if not over.startswith(MONEY):
        return trend_of(MEASURES[over], by_month)
    added = added_by_seats(by, unit, months[0], at) if months else {}
    return money_trend(money_measure(unit), by_month, added)


def _names(by: str, trend: Trend) -> list[str]:
    return [_named(by, name) for name, _values in trend.lines]


def _named(by: str, segment: str) -> str:
    """A segment for people; industries that customers choose from have names."""
    name = INDUSTRIES.get(segment, segment) if by == "industry" else segment
    return str(name or _("not known"))


def _rows(trend: Trend) -> list[list[object]]:
    """The oldest month first; amounts in whole units of the currency."""
    return [
        [f"{month:%Y-%m}", *(_plain(values[place], trend.measure.unit) for _name, values in trend.lines)]
        for place, month in enumerate(trend.months)
    ]


def _plain(value: Value, unit: str) -> object:
    if isinstance(value, float):
        return round(value, 1)
    return value if value is None or unit in ("", "%", "days") else to_decimal(value, unit)


def _drawn(by: str, trend: Trend) -> dict[str, Any]:
    """The chart of the largest segments, its sentence, and the table of all."""
    unit, lines = trend.measure.unit, trend.lines[:DRAWN]
    numbers = [
        [None if value is None else float(str(_plain(value, unit))) for value in values] for _name, values in lines
    ]
    names = _names(by, trend)
    return {
        "title": trend.measure.title,
        "rule": trend.measure.rule,
        "chart": line_chart(trend.months, numbers),
        "keys": [(name, _say(values[-1], unit)) for name, (_name, values) in zip(names, lines, strict=False)],
        "sentence": _sentence(names[0], lines[0][1], trend.months, unit),
        "names": names,
        "rows": [
            (month, [_say(values[place], unit) for _name, values in trend.lines])
            for place, month in reversed(list(enumerate(trend.months)))
        ],
    }


def _sentence(name: str, values: Sequence[Value], months: Sequence[Any], unit: str) -> str:
    """How the largest segment moved."""
    known = [(month, value) for month, value in zip(months, values, strict=True) if value is not None]
    if not known:
        return _("%(segment)s: not known yet.") % {"segment": name}
    (first, then), (last, today) = known[0], known[-1]
    words = {
        "segment": name,
        "first": _say(then, unit),
        "then": date_format(first, "F Y"),
        "last": _say(today, unit),
        "now": date_format(last, "F Y"),
    }
    if first == last:
        return _("%(segment)s: %(last)s in %(now)s.") % words
    return _("%(segment)s: %(first)s in %(then)s, %(last)s in %(now)s.") % words


def _say(value: Value, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "days":
        return ngettext("%(days)d day", "%(days)d days", int(value)) % {"days": value}
    if unit not in ("", "%"):
        return money(int(value), unit)
    number = number_format(value, 1 if isinstance(value, float) else 0)
    return f"{number} %" if unit else number
