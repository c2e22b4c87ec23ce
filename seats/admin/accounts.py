"""All accounts by how full they are, narrowed down, to look at and to take away."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from seatportal.kit.clock import now
from seatportal.kit.money import to_decimal
from seatportal.kit.numbers import whole
from seatportal.kit.tables import csv_response
from seats.growth.accounts import (
    EVIDENCE,
    FILTERS,
    NARROWED_BY,
    AccountRow,
    Narrow,
    accounts_page,
    all_rows,
    choices,
    totals,
)
from seats.growth.inbox import unread_count
from seats.growth.message import Line
from seats.growth.playbooks import PLAYBOOKS
from seats.insight.segments import SEGMENTS
from seats.models import ExpansionTask

# Rows on the first page.
FEW = 12
NAMES = {
    "": gettext_lazy("All"),
    "urgent": gettext_lazy("Need somebody now"),
    "mine": gettext_lazy("Mine"),
    "ready": gettext_lazy("80 % or more"),
    "full": gettext_lazy("Full"),
    "low": gettext_lazy("Adoption first"),
    "poor": gettext_lazy("Poor health"),
    "unpaid": gettext_lazy("Unpaid use"),
    "sharing": gettext_lazy("Sharing"),
    "power": gettext_lazy("Power subset"),
    "growth": gettext_lazy("Departments grow"),
    "renewal": gettext_lazy("Renewal in 90 days"),
    "late": gettext_lazy("Past due"),
    "drift": gettext_lazy("Drift"),
    "review": gettext_lazy("Review due"),
    "signals": gettext_lazy("With signals"),
}


def check_may_look(request: HttpRequest) -> None:
    """Who may not see signals sees none of the account team's pages."""
    if not request.user.has_perm("seats.view_signal"):
        raise PermissionDenied


def figures(request: HttpRequest) -> dict[str, Any]:
    """What the first page shows of all accounts, and those that need somebody now."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm("seats.view_signal"):
        return {}
    at = now()
    found, _more = accounts_page(at=at, narrow=Narrow(show="urgent"), size=FEW)
    return {"totals": totals(at), "unread": unread_count(user), "rows": cells_of(found), "chosen": {"show": "urgent"}}


def cells_of(found: Sequence[AccountRow]) -> list[tuple[AccountRow, list[Line], str]]:
    """Rows as the table shows them: with their signals and the next task in words."""
    return [(row, [Line(signal) for signal in row.signals], task_title(row.task)) for row in found]


def accounts_view(request: HttpRequest, site: AdminSite) -> HttpResponse | StreamingHttpResponse:
    """Who to talk to today."""
    check_may_look(request)
    at = now()
    chosen = {name: request.GET.get(name, "")[:60] for name in ("show", "q", *NARROWED_BY)}
    if chosen["show"] not in FILTERS:
        chosen["show"] = ""
    narrow = Narrow(
        show=chosen["show"],
        search=chosen["q"].strip(),
        user=request.user if isinstance(request.user, User) else None,
        values={name: chosen[name] for name in NARROWED_BY},
    )
    if request.GET.get("format") == "csv":
        return csv_response("accounts", head(), _table(all_rows(at=at, narrow=narrow)))
    page = whole(request.GET.get("page", "")) or 1
    found, more = accounts_page(at=at, narrow=narrow, page=page)
    evidence = EVIDENCE.get(narrow.show, ())
    context = {
        **site.each_context(request),
        "title": _("Accounts"),
        "totals": totals(at),
        "rows": cells_of(found),
        "evidence": evidence,
        "chips": [
            {"label": name, "url": _url({**chosen, "show": key}), "current": key == chosen["show"]}
            for key, name in NAMES.items()
        ],
        "chosen": chosen,
        "selects": [(name, SEGMENTS[name][0], options, chosen[name]) for name, options in choices().items()],
        "csv": _url({**chosen, "format": "csv"}),
        "next": _url({**chosen, "page": str(page + 1)}) if more else "",
        "previous": _url({**chosen, "page": str(page - 1)}) if page > 1 else "",
    }
    return TemplateResponse(request, "admin/accounts.html", context)


def head() -> list[str]:
    """The download's first line."""
    seats = (_("Account"), _("Owner"), _("Purchased"), _("Assigned"), _("Active"), _("Active, change in 30 days"))
    worth = (_("Health"), _("Signals"), _("Per year"), _("Currency"), _("Seats to the next price step"))
    return [*seats, *worth, _("Renewal"), _("Next task"), _("Due")]


def _table(rows: Iterator[AccountRow]) -> Iterator[list[object]]:
    for row in rows:
        yield [
            row.account.name,
            row.owner,
            row.seats.purchased,
            row.seats.assigned,
            row.seats.active,
            row.moved,
            row.health.value if row.health else None,
            ", ".join(Line(signal).title for signal in row.signals),
            to_decimal(row.yearly.amount, row.yearly.currency) if row.yearly else None,
            row.yearly.currency.upper() if row.yearly else "",
            row.room,
            row.renews_at.date() if row.renews_at else None,
            task_title(row.task),
            row.task.due_on if row.task else None,
        ]


def task_title(task: ExpansionTask | None) -> str:
    """What is to be done next."""
    return str(PLAYBOOKS[task.playbook].title) if task else ""


def _url(values: dict[str, str]) -> str:
    return "?" + urlencode({key: value for key, value in values.items() if value})
