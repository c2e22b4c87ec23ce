"""The ledger: every change of what was bought and of who sits."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seatportal.kit.tables import csv_response
from seats.insight.lines import invoices_behind, ledger_of, ledger_page, ledger_rows
from seats.models import LedgerEntry
from seats.views.common import csv_delimiter


@requires("seats.view")
@require_safe
def ledger(request: AccountRequest) -> HttpResponse:
    """One page, the newest lines first."""
    kind = request.GET.get("kind", "")
    lines = ledger_of(request.account, kind)
    after = LedgerEntry.objects.filter(account=request.account, public_id=request.GET.get("after", "")).first()
    rows, following = ledger_page(lines, after=after)
    invoices = invoices_behind(request.account, rows) if "billing.view" in request.capabilities else {}
    known = kind == "purchases" or kind in LedgerEntry.Kind.values
    context: dict[str, Any] = {
        "rows": [(line, invoices.get(line.invoice_stripe_id)) for line in rows],
        "after": following,
        "paged": after is not None,
        "kind": kind if known else "",
        "chips": _chips(kind if known else ""),
    }
    return render(request, "seats/ledger.html", context)


@requires("seats.view")
@require_safe
def ledger_entry(request: AccountRequest, entry_id: str) -> HttpResponse:
    """One line with the people behind it."""
    line = get_object_or_404(ledger_of(request.account), public_id=entry_id)
    invoices = invoices_behind(request.account, [line]) if "billing.view" in request.capabilities else {}
    context = {"line": line, "invoice": invoices.get(line.invoice_stripe_id)}
    return render(request, "seats/ledger_entry.html", context)


@requires("seats.view")
@require_safe
def ledger_csv(request: AccountRequest) -> StreamingHttpResponse:
    """The filtered ledger; times in UTC."""
    head = [
        _("Time (UTC)"),
        _("What"),
        _("Purchased before"),
        _("Purchased after"),
        _("Taken before"),
        _("Taken after"),
        _("Who"),
        _("From"),
        _("To"),
        _("Reason"),
        _("Invoice"),
        _("Id"),
    ]
    rows = ledger_rows(ledger_of(request.account, request.GET.get("kind", "")))
    name = f"ledger-{request.account.slug}-{now():%Y-%m-%d}"
    return csv_response(name, head, rows, delimiter=csv_delimiter())


def _chips(kind: str) -> list[dict[str, Any]]:
    shown = [("", _("All")), ("purchases", _("Purchases"))]
    shown += [(k.value, str(k.label)) for k in LedgerEntry.Kind if k not in LedgerEntry.PURCHASES]
    return [
        {"label": label, "url": f"?kind={value}" if value else "?", "count": None, "current": value == kind}
        for value, label in shown
    ]
