"""Import people from a file: hand it in, see what it would do, apply it, and read what became of each row."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seatportal.kit.htmx import render_part
from seatportal.kit.tables import csv_response
from seats.errors import ImportRefused
from seats.forms.imports import PeopleForm
from seats.models import ImportedPerson, PeopleImport
from seats.people.columns import FIELDS
from seats.people.import_people import (
    add_people_import,
    apply_people_import,
    discard_people_import,
    map_columns,
    resume_people_import,
)
from seats.people.judge import May
from seats.people.plan import effect_of, lines_of
from seats.people.queries import failed_rows, tally_of
from seats.people.table import MOST_BYTES, Table, read_table, unpack
from seats.views.common import counts_for, csv_delimiter
from seats.views.missing_price import price_of_missing
from seats.views.people_rows import rows_of_effect

SHOWN = 20
PAGE_SIZE = 50
SAMPLE = [
    [
        "lena@example.com",
        "Lena Vogel",
        "member",
        "Sales",
        "EU",
        "manager",
        "",
        "Head of Sales",
        "employee",
        "",
        "E-1001",
        "yes",
    ],
    [
        "bo@example.com",
        "Bo Sand",
        "member",
        "Sales",
        "EU",
        "individual",
        "lena@example.com",
        "Seller",
        "contractor",
        "2027-03-31",
        "E-1002",
        "yes",
    ],
]


@requires("members.manage")
def people_imports(request: AccountRequest) -> HttpResponse:
    """The form and the latest imports; a file that is taken leads to its own page."""
    data = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form, status = PeopleForm(*data), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                row = _add(request, form)
            except ImportRefused as error:
                put_error(form, error)
                status = 413 if error.data.get("too_large") else error.status
            else:
                return redirect("seats:people_import", request.account.slug, row.public_id)
    rows = PeopleImport.objects.filter(account=request.account).select_related("by").defer("content")
    context = {"form": form, "imports": rows[:SHOWN], "fields": FIELDS.items()}
    return render(request, "seats/people_imports.html", context, status=status)


def _add(request: AccountRequest, form: PeopleForm) -> PeopleImport:
    """Raises ImportRefused at the field; what is too large is not read."""
    file, text = form.cleaned_data["file"], form.cleaned_data["text"]
    data = file.read(MOST_BYTES + 1) if file else text.encode()
    name = (file.name or "") if file else _("Pasted table")
    try:
        table = read_table(data)
        return add_people_import(
            account=request.account, file_name=name, table=table, actor=actor_of(request), at=now()
        )
    except ImportRefused as error:
        raise ImportRefused(error.text, field="file" if file else "text", **error.data) from error


@requires("members.manage")
@require_safe
def people_import(request: AccountRequest, people_import_id: str) -> HttpResponse:
    """One file: what it would do; or how far it is and what became of each row."""
    row = _find(request, people_import_id)
    if row.state == PeopleImport.State.DRAFT:
        return _draft_page(request, row)
    show = request.GET.get("show", "")
    people = row.people.order_by("position")
    tally = tally_of(row)
    if show in ImportedPerson.Outcome.values:
        people = people.filter(outcome=show)
    context = {
        "row": row,
        "tally": tally,
        "page": Paginator(people, PAGE_SIZE).get_page(request.GET.get("page")),
        "chips": _chips(request, show, tally["outcomes"]),
        "fields": FIELDS,
    }
    return render_part(request, "seats/people_import.html", "progress", context)


@requires("members.manage")
@require_POST
def columns(request: AccountRequest, people_import_id: str) -> HttpResponse:
    """Say what each column is."""
    row = _find(request, people_import_id)
    try:
        mapping = request.POST.getlist("column")[:100]
        map_columns(account=request.account, people_import=row, mapping=mapping)
    except ImportRefused as error:
        return _draft_page(request, row, wrong=str(error), chosen=mapping, status=error.status)
    except PortalError as error:
        messages.error(request, str(error))
    return redirect("seats:people_import", request.account.slug, row.public_id)


@requires("members.manage")
@require_POST
def apply(request: AccountRequest, people_import_id: str) -> HttpResponse:
    """The second click."""
    row = _find(request, people_import_id)
    try:
        apply_people_import(
            account=request.account, people_import=row, may=_may(request), actor=actor_of(request), at=now()
        )
    except PortalError as error:
        messages.error(request, str(error))
    return redirect("seats:people_import", request.account.slug, row.public_id)


@requires("members.manage")
@require_POST
def discard(request: AccountRequest, people_import_id: str) -> HttpResponse:
    """Forget a file."""
    row = _find(request, people_import_id)
    try:
        discard_people_import(account=request.account, people_import=row)
    except PortalError as error:
        messages.error(request, str(error))
        return redirect("seats:people_import", request.account.slug, row.public_id)
    messages.success(request, _("The file is discarded. Nothing was changed."))
    return redirect("seats:import_people", request.account.slug)


@requires("members.manage")
@require_POST
def resume(request: AccountRequest, people_import_id: str) -> HttpResponse:
    """Go on with one that stopped."""
    row = _find(request, people_import_id)
    try:
        resume_people_import(account=request.account, people_import=row, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The import goes on."))
    return redirect("seats:people_import", request.account.slug, row.public_id)


@requires("members.manage")
@require_safe
def failed(request: AccountRequest, people_import_id: str) -> StreamingHttpResponse:
    """The rows that failed, as they stood, each with its reason; to mend and import again."""
    row = _find(request, people_import_id)
    head = [*row.head, _("Line"), _("Reason")]
    return csv_response(f"failed-{row.public_id}", head, failed_rows(row), delimiter=csv_delimiter())


@requires("members.manage")
@require_safe
def sample(request: AccountRequest) -> StreamingHttpResponse:
    """Every column, filled in."""
    return csv_response("people-sample", list(FIELDS), SAMPLE, delimiter=csv_delimiter())


def _find(request: AccountRequest, people_import_id: str) -> PeopleImport:
    return get_object_or_404(
        PeopleImport.objects.filter(account=request.account).select_related("by"), public_id=people_import_id
    )


def _may(request: AccountRequest) -> May:
    return May(give_seats="seats.assign" in request.capabilities, add_places="account.manage" in request.capabilities)


def _draft_page(
    request: AccountRequest,
    row: PeopleImport,
    *,
    wrong: str = "",
    chosen: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    table = unpack(bytes(row.content or b""))
    show = request.GET.get("show", "")
    context: dict[str, Any] = {
        "row": row,
        "wrong": wrong,
        "columns": _columns(table, chosen or row.mapping),
        "fields": FIELDS.items(),
    }
    context["unused"] = [column["head"] for column in context["columns"] if not column["field"] and column["example"]]
    if "email" in row.mapping and not wrong:
        effect = effect_of(
            account=request.account,
            lines=lines_of(table, row.mapping),
            may=_may(request),
            actor=actor_of(request),
            at=now(),
        )
        context |= {
            "effect": effect,
            "counts": effect.counts,
            "seats": counts_for(request),
            "price": "" if effect.frozen else price_of_missing(request, effect.to_buy),
            "page": Paginator(rows_of_effect(effect, show), PAGE_SIZE).get_page(request.GET.get("page")),
            "chips": _chips(request, show, effect.counts),
            "doing": row.rows - effect.counts["failed"] - effect.counts["unchanged"],
        }
    return render(request, "seats/people_import.html", context, status=status)


def _columns(table: Table, mapping: list[str]) -> list[dict[str, str]]:
    """Each column with an example from the first row that has one."""
    return [
        {
            "head": name,
            "field": mapping[position] if position < len(mapping) else "",
            "example": next((cells[position] for _line, cells in table.rows if cells[position]), ""),
        }
        for position, name in enumerate(table.head)
    ]


def _chips(request: AccountRequest, show: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    labels = {"": _("All"), **{str(value): str(label) for value, label in ImportedPerson.Outcome.choices}}
    return [
        {
            "label": label,
            "url": f"?show={value}" if value else "?",
            "count": counts[value] if value else sum(counts.values()),
            "current": value == show,
        }
        for value, label in labels.items()
    ]
