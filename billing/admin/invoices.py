"""Invoices as last read from Stripe."""

from django.contrib import admin

from billing.models import Invoice, InvoiceLine
from seatportal.kit.admin import ReadOnlyAdmin, ReadOnlyInline


class LineInline(ReadOnlyInline):
    """An invoice's lines."""

    model = InvoiceLine
    fields = ("description", "quantity", "amount", "proration", "period_start", "period_end")
    readonly_fields = fields
    money_fields = ("amount",)

    @staticmethod
    def currency_of(row: InvoiceLine) -> str:
        """The invoice's."""
        return row.invoice.currency


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    """All invoices of all accounts."""

    list_display = ("__str__", "account", "status", "billing_reason", "total", "amount_due", "currency", "issued_at")
    money_fields = (
        "subtotal",
        "tax",
        "total",
        "amount_due",
        "amount_paid",
        "amount_remaining",
        "starting_balance",
        "ending_balance",
    )
    list_filter = ("status", "billing_reason", "currency")
    search_fields = ("number", "stripe_id", "account__name", "account__slug")
    date_hierarchy = "issued_at"
    list_select_related = ("account",)
    inlines = (LineInline,)
