"""How the metrics move from month to month, by segment (product.md H1–H6). Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seats.insight import health, recurring
from seats.insight.kpis import DEFINITIONS, Kpis

type Value = int | float | None


@dataclass(frozen=True)
class Measure:
    """One metric over months. unit: "", "%", "days", or a currency whose minor units it counts."""

    title: str | Promise
    rule: str | Promise
    unit: str
    value: Callable[[Kpis], Value]


def _share(part: int, kpis: Kpis) -> int:
    return part * 100 // kpis.accounts


MEASURES: dict[str, Measure] = {
    "mean": Measure(_("Seats per account"), DEFINITIONS["mean"], "", lambda kpis: kpis.mean),
    "rate": Measure(_("Growth in a year"), DEFINITIONS["rate"], "%", lambda kpis: kpis.percent),
    "time": Measure(_("Median time to expansion"), DEFINITIONS["time"], "days", lambda kpis: kpis.days),
    "use": Measure(_("Utilization"), DEFINITIONS["use"], "%", lambda kpis: kpis.use),
    "ready": Measure(
        _("Accounts at 80 % or more"), DEFINITIONS["utilization"], "%", lambda kpis: _share(kpis.ready, kpis)
    ),
    "low": Measure(_("Accounts under 60 %"), DEFINITIONS["utilization"], "%", lambda kpis: _share(kpis.low, kpis)),
    "health": Measure(_("Mean health"), health.RULE, "", lambda kpis: kpis.health),
}
# The expansion in money has one key for each currency: this and its code.
MONEY = "money-"


def money_measure(currency: str) -> Measure:
    """Recurring revenue that seats added in a month; its values come from recurring_queries."""
    return Measure(_("Expansion by seats"), recurring.DEFINITIONS["by_seats"], currency, lambda kpis: None)


@dataclass(frozen=True)
class Trend:
    """One measure by month, the oldest first. lines: each segment with a value for each month, None where it had none.

    The segments stand in the order of their seats now, then those that have none any more.
    """

    measure: Measure
    months: list[date]
    lines: list[tuple[str, list[Value]]]


def trend_of(measure: Measure, by_month: Mapping[date, Sequence[Kpis]]) -> Trend:
    """A measure of the metrics over months."""
    values = {(month, kpis.segment): measure.value(kpis) for month, segments in by_month.items() for kpis in segments}
    return _trend(measure, by_month, values)


def money_trend(
    measure: Measure, by_month: Mapping[date, Sequence[Kpis]], added: Mapping[tuple[date, str], int]
) -> Trend:
    """The same of what seats added in money; a month in which a segment added nothing is zero."""
    there = {(month, kpis.segment): 0 for month, segments in by_month.items() for kpis in segments}
    return _trend(measure, by_month, {**there, **added})


def _trend(
    measure: Measure, by_month: Mapping[date, Sequence[Kpis]], values: Mapping[tuple[date, str], Value]
) -> Trend:
    months = sorted(by_month)
    order = [kpis.segment for month in reversed(months) for kpis in by_month[month]]
    names = list(dict.fromkeys([*order, *sorted(name for _month, name in values)]))
    return Trend(measure, months, [(name, [values.get((month, name)) for month in months]) for name in names])
