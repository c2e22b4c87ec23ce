"""The seats table: everybody, with or without a seat."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from accounts.models import Region
from seatportal.kit.clock import now
from seatportal.kit.tables import csv_response
from seats.holders.undo import act_to_undo
from seats.insight.people import (
    BY_USE,
    DAY_SHOWS,
    SHOWS,
    SORTS,
    Choice,
    all_people,
    count_people,
    page_of_people,
    without_use,
)
from seats.insight.rows import Row
from seats.insight.saved_views import COLUMNS, USUAL, known, views_of
from seats.insight.states import Standing, State
from seats.insight.use_report import bucket_days
from seats.models import Assignment, SavedView
from seats.usage.settings import groups_only
from seats.views.bulk_more import MOST
from seats.views.bulk_undone import kept_act
from seats.views.common import counts_for, csv_delimiter, seats_sentence

# Shown where there is somebody.
RARE = ("reports", "managers", "paused")
SHOW_LABELS: dict[str, str | Promise] = {
    "all": gettext_lazy("All"),
    "active": pgettext_lazy("seats", "Active"),
    "idle": gettext_lazy("Idle 30+ days"),
    "none": gettext_lazy("No seat"),
    "reports": gettext_lazy("No seat, manager has one"),
    "managers": gettext_lazy("Managers, no report seated"),
    "invited": gettext_lazy("Invited"),
    "waiting": gettext_lazy("Waiting"),
    "paused": gettext_lazy("Paused"),
    "requests": gettext_lazy("Requests"),
}


@requires("seats.view")
@require_safe
def seat_list(request: AccountRequest) -> HttpResponse:
    """One page of the filtered, sorted table."""
    at = now()
    private = groups_only(request.account)
    choice = without_use(choice_of(request.GET)) if private else choice_of(request.GET)
    page = page_of_people(
        request.account,
        choice,
        at,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    views, columns = views_of(request.account, request.membership)
    view = next((one for one in views if one.public_id == request.GET.get("view")), None)
    if view is not None:
        columns = known(view.columns)
    if private:
        columns = [name for name in columns if name not in ("active", "use")]
    counts = count_people(request.account, choice.text, at, days=choice.show)
    shown = [
        show
        for show in SHOWS
        if not (private and show in BY_USE) and (show not in RARE or counts[show] or show == choice.show)
    ]
    context: dict[str, Any] = {
        "counts": counts_for(request),
        "sentence": seats_sentence(counts_for(request)),
        "choice": choice,
        "page": page,
        "total": counts[choice.show],
        "active_days": bucket_days(*DAY_SHOWS[choice.show]) if choice.show in DAY_SHOWS else "",
        "chips": [_chip(request, show, counts[show], choice) for show in shown],
        "private": private,
        "keep": [
            *((name, value) for name, value in (("show", choice.show), ("sort", choice.sort)) if value),
            *([("view", view.public_id)] if view else []),
        ],
        "columns": columns,
        "wide": len(columns) > len(USUAL),
        "all_columns": [
            {"key": key, "label": label, "shown": key in columns}
            for key, label in COLUMNS.items()
            if not (private and key in ("active", "use"))
        ],
        "views": [
            {"row": one, "query": query_of(Choice(one.show, one.text, one.sort), one), "current": one == view}
            for one in views
        ],
        "undo": _undo(request) if "undo" in request.GET else [],
        "undo_last": request.GET.get("undo") == "last" and kept_act(request) is not None,
        "may_assign": "seats.assign" in request.capabilities,
        # Not in the template: there a percent sign would be doubled, and the script looks for %s.
        "bulk_one": _("1 person chosen"),
        "bulk_other": _("%s people chosen"),
        "bulk_actions": _bulk_actions(request),
    }
    return render(request, "seats/seat_list.html", context)


@requires("seats.view")
@require_safe
def seat_csv(request: AccountRequest) -> StreamingHttpResponse:
    """Every row of the filtered view; times in UTC."""
    choice = choice_of(request.GET)
    head = [
        _("Name"),
        _("E-mail address"),
        _("State"),
        _("Role"),
        _("Department"),
        _("Region"),
        _("Last active (UTC)"),
        _("Active days of the last 30"),
        _("Top features"),
        _("Seat since (UTC)"),
        _("Given by"),
    ]
    rows = (_csv_row(row) for row in all_people(request.account, choice, now()))
    return csv_response(f"seats-{request.account.slug}", head, rows, delimiter=csv_delimiter())


def choice_of(query: QueryDict) -> Choice:
    """Filter, search and order of an address; nonsense falls back to everybody by name."""
    show, sort = query.get("show", "all"), query.get("sort", "name")
    text = query.get("q", "").replace("\x00", "").strip()[:200]
    return Choice(
        show=show if show in SHOWS or show in DAY_SHOWS else "all",
        text=text,
        sort=sort if sort.removeprefix("-") in SORTS else "name",
    )


def query_of(choice: Choice, view: SavedView | None = None) -> str:
    """The address of the table that shows this."""
    values = {"show": choice.show, "q": choice.text, "sort": choice.sort, "view": view.public_id if view else ""}
    usual = {"show": "all", "sort": "name"}
    return urlencode({name: value for name, value in values.items() if value and value != usual.get(name)})


def state_words(state: State) -> str:
    """A state as the table and the download write it."""
    if state.standing == Standing.IDLE:
        return _("Idle %(days)d d") % {"days": state.days}
    return {
        Standing.ACTIVE: _("Active"),
        Standing.SEATED: _("Has a seat"),
        Standing.NEW: _("New"),
        Standing.INVITED: _("Invited"),
        Standing.WAITING: _("Waiting"),
        Standing.NO_SEAT: _("No seat"),
    }[state.standing]


def _csv_row(row: Row) -> list[object]:
    member, seat = row.membership, row.seat
    last = member.last_active_at if member else None
    owner = member or row.invitation
    return [
        row.name,
        row.email,
        state_words(row.state),
        owner.get_role_display() if owner else "",
        owner.department if owner and owner.department else "",
        member.region if member and member.region else "",
        last.isoformat(timespec="seconds") if last else "",
        row.activity.active_days,
        ", ".join(row.activity.top),
        seat.started_at.isoformat(timespec="seconds") if seat else "",
        seat.started_by.email if seat and seat.started_by else "",
    ]


def _chip(request: AccountRequest, show: str, count: int, choice: Choice) -> dict[str, Any]:
    query = request.GET.copy()
    for name in ("after", "before", "undo", "show"):
        query.pop(name, None)
    if show != "all":
        query["show"] = show
    return {
        "label": SHOW_LABELS[show],
        "url": f"?{query.urlencode()}",
        "count": count,
        "current": show == choice.show,
    }


def _bulk_actions(request: AccountRequest) -> list[dict[str, str]]:
    actions = [
        {"label": _("Give seats"), "value": "assign", "icon": "user-plus"},
        {"label": _("Reassign seats"), "value": "reassign", "icon": "arrow-left-right"},
        {"label": _("Release seats"), "value": "release", "icon": "user-minus"},
        {"label": _("Send invitations again"), "value": "resend", "icon": "send"},
    ]
    if "members.manage" in request.capabilities:
        actions.insert(3, {"label": _("Change department"), "value": "department", "icon": "building-2"})
        if Region.objects.filter(account=request.account).exists():
            actions.insert(4, {"label": _("Change region"), "value": "region", "icon": "globe"})
        actions.append({"label": _("Withdraw invitations"), "value": "withdraw", "icon": "x"})
    return actions


def _undo(request: AccountRequest) -> list[Assignment]:
    """The seats whose last act, the same for all, the person may take back now; none where that is gone for one."""
    if "seats.assign" not in request.capabilities:
        return []
    wanted = request.GET.getlist("undo")[:MOST]
    found = Assignment.objects.filter(account=request.account, public_id__in=wanted)
    seats = list(found.select_related("previous", "invitation"))
    acts = {act_to_undo(seat, user_id=request.membership.user_id, at=now()) for seat in seats}
    return seats if len(acts) == 1 and None not in acts and len(seats) == len(set(wanted)) else []
