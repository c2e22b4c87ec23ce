"""Who did what, when: filtered, paged, to take away."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from accounts.audit.labels import LABELS, label_of
from accounts.audit.queries import trail_of, trail_page, trail_rows
from accounts.forms import TrailForm
from accounts.models import AuditEntry
from seatportal.kit.tables import csv_response

PAGE_SIZE = 50


@requires("audit.view")
@require_safe
def audit_trail(request: AccountRequest) -> HttpResponse:
    """One page of the filtered trail."""
    return _page(request, *_filtered(request))


def _page(request: AccountRequest, form: TrailForm, entries: QuerySet[AuditEntry]) -> HttpResponse:
    before = AuditEntry.objects.filter(account=request.account, public_id=request.GET.get("before", "")).first()
    rows, last = trail_page(entries, before=before, size=PAGE_SIZE)
    context: dict[str, Any] = {
        "form": form,
        "rows": [(entry, label_of(entry.action)) for entry in rows],
        "before": before,
        "next": last,
        "query": request.GET.urlencode(),
    }
    return render(request, "accounts/audit_trail.html", context, status=422 if form.errors else 200)


@requires("audit.view")
@require_safe
def audit_csv(request: AccountRequest) -> HttpResponse | StreamingHttpResponse:
    """The filtered trail as CSV; times in UTC. A wrong filter is shown on the page instead of giving everything."""
    form, entries = _filtered(request)
    if form.errors:
        return _page(request, form, entries)
    head = [_("Time (UTC)"), _("Who"), _("Staff acting"), _("Door"), _("Action"), _("Id"), _("Summary"), _("Address")]
    delimiter = "," if (get_language() or "en").startswith("en") else ";"
    return csv_response(f"audit-{request.account.slug}", head, trail_rows(entries), delimiter=delimiter)


def _filtered(request: AccountRequest) -> tuple[TrailForm, QuerySet[AuditEntry]]:
    actions = sorted(((action, str(label)) for action, label in LABELS.items()), key=lambda pair: pair[1])
    form = TrailForm(request.GET or None, actions=actions)
    values = form.cleaned_data if form.is_valid() else {}
    return form, trail_of(request.account, **values)
