"""From an invoice line to the people behind it, and from a person to the lines that their seat belongs to."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from accounts.members.queries import members_of
from billing.mirror.queries import invoices_of
from billing.models import InvoiceLine
from billing.reconcile.incidents import incident_of
from billing.views.words import reason_of
from seatportal.kit.tables import csv_response
from seats.insight.behind import (
    MOST_LINES,
    cost_lines_of,
    cost_rows,
    holder_rows,
    holders_of,
    page_of,
    purchase_behind,
    tenures_in,
)
from seats.models import Assignment
from seats.views.common import csv_delimiter


@requires("billing.view")
@require_safe
def line(request: AccountRequest, invoice_id: str, position: int) -> HttpResponse:
    """Who bought, who asked, who approved, when, on which terms, and who held a seat in the line's period."""
    found = _find(request, invoice_id, position)
    tenures = tenures_in(request.account, found.period_start, found.period_end)
    after = Assignment.objects.filter(account=request.account, public_id=request.GET.get("after", "")).first()
    rows, following = page_of(tenures, after=after)
    purchase = purchase_behind(request.account, found.invoice)
    context: dict[str, Any] = {
        "line": found,
        "invoice": found.invoice,
        "reason": reason_of(found.invoice),
        "purchase": purchase,
        "incident": incident_of(request.account, purchase.change) if purchase.change else None,
        "holders": holders_of(request.account, rows),
        "count": tenures.count(),
        "after": following,
        "paged": after is not None,
    }
    return render(request, "seats/line.html", context)


@requires("billing.view")
@require_safe
def line_csv(request: AccountRequest, invoice_id: str, position: int) -> StreamingHttpResponse:
    """Everybody who held a seat in the line's period; times in UTC."""
    found = _find(request, invoice_id, position)
    head = [
        _("Name"),
        _("E-mail"),
        _("Department"),
        _("State"),
        _("From (UTC)"),
        _("To (UTC)"),
        _("Given by"),
        _("Asked by"),
        _("Approved by"),
        _("Reason"),
        _("Seat"),
    ]
    rows = holder_rows(request.account, tenures_in(request.account, found.period_start, found.period_end))
    name = f"{found.invoice.number or found.invoice.public_id}-{position + 1}"
    return csv_response(name, head, rows, delimiter=csv_delimiter())


@requires("billing.view")
@require_safe
def cost(request: AccountRequest, member_id: str) -> HttpResponse:
    """The invoice lines that a person's seat belongs to, each as a whole; the newest hundred."""
    member = get_object_or_404(members_of(request.account), public_id=member_id)
    lines = list(cost_lines_of(member)[: MOST_LINES + 1])
    context = {"member": member, "lines": lines[:MOST_LINES], "more": len(lines) > MOST_LINES}
    return render(request, "seats/cost.html", context)


@requires("billing.view")
@require_safe
def cost_csv(request: AccountRequest, member_id: str) -> StreamingHttpResponse:
    """All of them; amounts are whole lines in minor units, times in UTC."""
    member = get_object_or_404(members_of(request.account), public_id=member_id)
    head = [
        _("Invoice"),
        _("Issued (UTC)"),
        _("Line"),
        _("From (UTC)"),
        _("To (UTC)"),
        _("Seats in the line"),
        _("Amount of the line, in minor units"),
        _("Currency"),
    ]
    return csv_response(f"cost-{member.public_id}", head, cost_rows(cost_lines_of(member)), delimiter=csv_delimiter())


def _find(request: AccountRequest, invoice_id: str, position: int) -> InvoiceLine:
    invoice = get_object_or_404(invoices_of(request.account), public_id=invoice_id)
    return get_object_or_404(InvoiceLine.objects.select_related("invoice"), invoice=invoice, position=position)
