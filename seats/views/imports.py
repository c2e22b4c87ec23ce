"""Import usage events from a file, and see how far it is."""

from datetime import timedelta

from django.contrib import messages
from django.core.files.base import File
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
from seats.forms.imports import ImportForm
from seats.models import UsageImport
from seats.usage.event_file import COLUMNS, MOST_BYTES
from seats.usage.import_file import add_import, resume_import
from seats.views.common import csv_delimiter

SHOWN = 20


@requires("usage.send")
def imports(request: AccountRequest) -> HttpResponse:
    """The form and the latest imports; a file that is taken leads to its own page."""
    form = ImportForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                row = _add(request, form.cleaned_data["file"])
            except ImportRefused as error:
                put_error(form, error)
                status = 413 if error.data.get("too_large") else error.status
            else:
                return redirect("seats:import", request.account.slug, row.public_id)
    rows = UsageImport.objects.filter(account=request.account).select_related("by").defer("content")
    context = {"form": form, "imports": rows[:SHOWN], "columns": COLUMNS}
    return render(request, "seats/imports.html", context, status=status)


@requires("usage.send")
@require_safe
def import_page(request: AccountRequest, import_id: str) -> HttpResponse:
    """One import. While it is in progress the part that shows it asks for itself again."""
    return render_part(request, "seats/import.html", "progress", {"row": _find(request, import_id)})


@requires("usage.send")
@require_POST
def resume(request: AccountRequest, import_id: str) -> HttpResponse:
    """Go on with one that stopped."""
    row = _find(request, import_id)
    try:
        resume_import(account=request.account, usage_import=row, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The import goes on."))
    return redirect("seats:import", request.account.slug, row.public_id)


@requires("usage.send")
@require_safe
def sample(request: AccountRequest) -> StreamingHttpResponse:
    """Every column, filled in; importing it counts three actions of the reader yesterday."""
    yesterday = (now() - timedelta(days=1)).replace(microsecond=0)
    email = request.membership.user.email
    rows: list[list[object]] = [
        ["sample-1", email, "Reports", yesterday.isoformat(), "sent", 1, "laptop-7", "203.0.113.7", 39, -9],
        ["sample-2", email, "Exports", (yesterday + timedelta(minutes=5)).isoformat(), "", 3, "", "", "", ""],
        ["sample-3", email, "Search", (yesterday + timedelta(minutes=9)).isoformat(), "", "", "", "", "", ""],
    ]
    return csv_response("usage-events-sample", COLUMNS, rows, delimiter=csv_delimiter())


def _add(request: AccountRequest, file: "File[bytes]") -> UsageImport:
    """Raises ImportRefused; what is too large is not read."""
    data = file.read(MOST_BYTES + 1)
    actor = actor_of(request)
    try:
        return add_import(account=request.account, file_name=file.name or "", data=data, actor=actor, at=now())
    except ImportRefused as error:
        raise ImportRefused(error.text, field="file", **error.data) from error


def _find(request: AccountRequest, import_id: str) -> UsageImport:
    rows = UsageImport.objects.filter(account=request.account).select_related("by").defer("content")
    return get_object_or_404(rows, public_id=import_id)
