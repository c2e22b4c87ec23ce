"""Invoices: the list, and one with its lines and the purchase behind it."""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from billing.mirror.queries import changes_of, invoices_of
from billing.models import Invoice, ScheduledDecrease
from billing.views.words import Badge, invoice_badge, reason_of

PAGE_SIZE = 25
# A renewal is invoiced at the period's start, or shortly after.
RENEWED_WITHIN = timedelta(days=1)


@requires("billing.view")
@require_safe
def invoices(request: AccountRequest) -> HttpResponse:
    """Newest first, a page by key: `?before=inv_…` goes to older ones, `?after=inv_…` to newer ones."""
    every = invoices_of(request.account)
    rows, older, newer = _page(every, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    context = {
        "rows": [(invoice, reason_of(invoice), invoice_badge(invoice)) for invoice in rows],
        "older": rows[-1].public_id if older else None,
        "newer": rows[0].public_id if newer else None,
    }
    return render(request, "billing/invoices.html", context)


@requires("billing.view")
@require_safe
def invoice(request: AccountRequest, invoice_id: str) -> HttpResponse:
    """One invoice: its lines, and who bought what it charges."""
    found = get_object_or_404(invoices_of(request.account), public_id=invoice_id)
    change = changes_of(request.account).filter(invoice_stripe_id=found.stripe_id).first()
    badge: Badge = invoice_badge(found)
    context = {
        "invoice": found,
        "lines": found.lines.all(),
        "reason": reason_of(found),
        "badge": badge,
        "change": change,
        "reduction": _reduction(found),
        "credit": found.total - found.amount_due if found.total > found.amount_due >= 0 else 0,
    }
    return render(request, "billing/invoice.html", context)


def _reduction(found: Invoice) -> ScheduledDecrease | None:
    """The planned reduction that took effect with this renewal."""
    if found.billing_reason != "subscription_cycle":
        return None
    done = ScheduledDecrease.objects.filter(
        account=found.account,
        subscription=found.subscription,
        state=ScheduledDecrease.State.DONE,
        effective_at__range=(found.issued_at - RENEWED_WITHIN, found.issued_at),
    )
    return done.select_related("user").first()


def _page(every: QuerySet[Invoice], *, before: str, after: str) -> tuple[list[Invoice], bool, bool]:
    """One page, and whether there are older and newer ones. A key of another account counts as none."""
    key = every.filter(public_id=before or after).first() if before or after else None
    if key is None:
        rows = list(every[: PAGE_SIZE + 1])
        return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE, False
    if before:
        older = Q(issued_at__lt=key.issued_at) | Q(issued_at=key.issued_at, pk__lt=key.pk)
        rows = list(every.filter(older)[: PAGE_SIZE + 1])
        return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE, True
    newer = Q(issued_at__gt=key.issued_at) | Q(issued_at=key.issued_at, pk__gt=key.pk)
    rows = list(every.filter(newer).order_by("issued_at", "pk")[: PAGE_SIZE + 1])
    return rows[:PAGE_SIZE][::-1], True, len(rows) > PAGE_SIZE
