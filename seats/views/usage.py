"""How the seats are used: by whom, for what, and whether more are needed."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from accounts.forms import INDUSTRIES
from accounts.members.queries import members_of
from accounts.models import Account, Membership
from seatportal.kit.charts import Bar, Tick, histogram
from seatportal.kit.clock import now
from seatportal.kit.tables import csv_response
from seatportal.templatetags.portal import day
from seats.insight.bands import utilization_in, utilization_of
from seats.insight.history import twelve_months
from seats.insight.make_use_report import current_report
from seats.insight.people import bucket_show, idle_and_count
from seats.insight.runway import runway
from seats.insight.use_chart import use_chart
from seats.insight.use_report import Cell, GroupUse, PersonUse, Report, bucket_days, concentrated, for_groups
from seats.sharing.queries import open_cases
from seats.sharing.show_cases import SEES
from seats.usage.settings import groups_only
from seats.value.peers import peers_of
from seats.views.common import counts_for, csv_delimiter
from seats.views.value import plan_context

IDLE_SHOWN = 10
KINDS: dict[str, str | Promise] = {
    "department": gettext_lazy("By department"),
    "region": gettext_lazy("By region"),
    "employment": gettext_lazy("By employment"),
    "level": gettext_lazy("By level"),
}


@requires("usage.view")
@require_safe
def usage(request: AccountRequest) -> HttpResponse:
    """The sentence, the year, active days, features, groups, the busiest, the idle, and who uses it without a seat."""
    at = now()
    account, counts = request.account, counts_for(request)
    report, made_at = _report(request)
    history = twelve_months(account, at)
    idle, idle_count = idle_and_count(account, at, size=IDLE_SHOWN)
    members = _members(account, [*report.people, *report.power, *report.unseated])
    context: dict[str, Any] = {
        "counts": counts,
        "use": utilization_in(counts, at),
        "received": bool(report.features or report.unknown_people or any(n for _day, n in report.weeks)),
        "report": report,
        "made_at": made_at,
        "private": groups_only(account),
        "runway": runway(history.points, free=counts.free, today=report.last),
        "year": use_chart(history, report.weeks),
        "buckets": _buckets(report),
        "concentrated": concentrated(report.features, active=report.active),
        "features": report.features[:12],
        "outcomes": any(feature.outcomes for feature in report.features),
        "kinds": _kinds(report),
        "idle": idle,
        "idle_count": idle_count,
        "power": [(members[one.membership], one) for one in report.power if one.membership in members],
        "unseated": [(members[one.membership], one) for one in report.unseated if one.membership in members],
        "rows": [(members[one.membership], cells, one) for one, cells in _heat(report) if one.membership in members],
        "shared": open_cases(account).count() if SEES in request.capabilities else 0,
        **plan_context(request),
        **_peers(account, counts.purchased, counts.active),
        "test_event": _test_event(request, at),
        "may_send": "usage.send" in request.capabilities,
        "may_assign": "seats.assign" in request.capabilities,
        "may_buy": "seats.buy" in request.capabilities,
    }
    return render(request, "seats/usage.html", context)


@requires("usage.view")
@require_safe
def usage_csv(request: AccountRequest, table: str) -> StreamingHttpResponse:
    """The figures behind one chart."""
    make = TABLES.get(table)
    if make is None:
        raise Http404
    head, rows = make(request.account, _report(request)[0], now())
    return csv_response(f"usage-{table}-{request.account.slug}", head, rows, delimiter=csv_delimiter())


type Table = tuple[Sequence[object], Iterable[Sequence[object]]]


def _csv_year(account: Account, report: Report, at: datetime) -> Table:
    chart = use_chart(twelve_months(account, at), report.weeks)
    head = [_("Day"), _("Purchased"), _("Assigned"), _("Active")]
    return head, [[p.day, p.purchased, p.assigned, users] for p, users, _day in (chart.weeks if chart else [])]


def _csv_days(account: Account, report: Report, at: datetime) -> Table:
    head = [_("Active days from"), _("Active days to"), _("People")]
    return head, [[low, high, people] for (low, high), people in zip(report.edges, report.buckets, strict=True)]


def _csv_features(account: Account, report: Report, at: datetime) -> Table:
    head = [_("Feature"), _("People"), _("Actions"), _("Quantity"), _("Outcomes")]
    return head, [
        [f.name, f.people, f.actions, f.quantity, ", ".join(f"{name}: {n}" for name, n in f.outcomes.items())]
        for f in report.features
    ]


def _csv_groups(account: Account, report: Report, at: datetime) -> Table:
    head = [_("Grouped by"), _("Group"), _("People"), _("Seats"), _("Active"), _("Actions")]
    return head, [[g.kind, g.name, g.people, g.seats, g.active, g.actions] for g in report.groups]


def _csv_people(account: Account, report: Report, at: datetime) -> Table:
    members = _members(account, report.people)
    head = [_("Name"), _("E-mail address"), _("Feature"), _("Actions"), _("With an outcome"), _("Last day")]
    return head, [
        [member.user.get_full_name(), member.user.email, name, cell.count, cell.outcomes, cell.last]
        for one in report.people
        if (member := members.get(one.membership))
        for name, cell in sorted(one.features.items())
    ]


def _csv_unknown(account: Account, report: Report, at: datetime) -> Table:
    head = [_("Person"), _("Actions"), _("Last day")]
    return head, [[unknown.person, unknown.actions, unknown.last] for unknown in report.unknown]


def _csv_peers(account: Account, report: Report, at: datetime) -> Table:
    use = utilization_of(account, at)
    peers = peers_of(account, purchased=use.purchased, active=use.active)
    head = [_("Active ÷ purchased"), "%"]
    if peers is None or peers.band is None:
        return head, []
    band = peers.band
    return head, [
        [_("This account"), peers.own],
        [_("Lower quarter ends at"), band.p25],
        [_("Median"), band.p50],
        [_("Upper quarter begins at"), band.p75],
    ]


TABLES = {
    "peers": _csv_peers,
    "year": _csv_year,
    "days": _csv_days,
    "features": _csv_features,
    "groups": _csv_groups,
    "people": _csv_people,
    "unknown": _csv_unknown,
}


def _report(request: AccountRequest) -> tuple[Report, datetime]:
    """The report that this account may see, and when it was made."""
    report, made_at = current_report(request.account, now(), people=counts_for(request).held)
    return (for_groups(report) if groups_only(request.account) else report), made_at


def _peers(account: Account, purchased: int, active: int) -> dict[str, Any]:
    """The comparison and where its marks stand."""
    peers = peers_of(account, purchased=purchased, active=active)
    if peers is None or peers.band is None:
        return {"peers": peers}
    band = peers.band
    marks = {
        "p25": peers.at(band.p25),
        "p50": peers.at(band.p50),
        "width": peers.at(max(band.p75 - band.p25, 1)),
        "own": peers.at(peers.own or 0),
        "ticks": [Tick(peers.at(part), part) for part in range(0, peers.top + 1, 20)],
    }
    return {"peers": peers, "marks": marks, "industry": INDUSTRIES.get(peers.industry, peers.industry)}


def _test_event(request: AccountRequest, at: datetime) -> str:
    """A command that sends one event of the reader."""
    event = {
        "id": f"test-{at:%Y%m%d%H%M%S}",
        "user": request.membership.public_id,
        "feature": "Test",
        "occurred_at": at.isoformat(timespec="seconds"),
    }
    return (
        f"curl {request.build_absolute_uri(reverse('api:usage-events'))} -H 'Authorization: Bearer KEY' "
        f"-H 'Content-Type: application/json' -d '{json.dumps([event])}'"
    )


def _members(account: Account, people: Iterable[PersonUse]) -> dict[int, Membership]:
    return members_of(account).in_bulk({person.membership for person in people})


def _heat(report: Report) -> list[tuple[PersonUse, list[tuple[Cell | None, int, str]]]]:
    """Each person's cells with their words and shade, from 0 (not used) to 4 (near the most of all cells)."""
    # Most of the hundreds of cells say what another one says.
    say = cache(_cell_words)
    rows = [(one, [one.features.get(name) for name in report.columns]) for one in report.people]
    top = max((cell.count for _one, cells in rows for cell in cells if cell), default=1)
    return [
        (
            one,
            [
                (cell, -(-cell.count * 4 // top), say(cell.last, cell.outcomes)) if cell else (None, 0, "")
                for cell in cells
            ],
        )
        for one, cells in rows
    ]


def _cell_words(last: date, outcomes: int) -> str:
    return ngettext(
        "Last on %(day)s, %(outcomes)s with an outcome", "Last on %(day)s, %(outcomes)s with an outcome", outcomes
    ) % {"day": day(last), "outcomes": outcomes}


class Bucket(NamedTuple):
    """How many holders were active on `low` to `high` days."""

    low: int
    high: int
    people: int

    @property
    def days(self) -> str:
        """As a range."""
        return bucket_days(self.low, self.high)

    @property
    def show(self) -> str:
        """The filter of the seats table that finds these people."""
        return bucket_show(self.low, self.high)


def _buckets(report: Report) -> list[tuple[Bucket, Bar]]:
    """None where privacy mode withholds them."""
    sizes = [Bucket(*edges, people) for edges, people in zip(report.edges, report.buckets, strict=True)]
    return list(zip(sizes, histogram(report.buckets), strict=True))


def _kinds(report: Report) -> list[tuple[str | Promise, list[GroupUse]]]:
    """The tables of groups that tell something: at least two groups."""
    found = [(KINDS[kind], [group for group in report.groups if group.kind == kind]) for kind in KINDS]
    return [(title, rows) for title, rows in found if len(rows) > 1]
