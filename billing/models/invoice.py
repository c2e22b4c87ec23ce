"""Our mirror of invoices and their lines. Written by `billing.mirror` alone."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.models.subscription import Subscription
from seatportal.kit.ids import PublicIdField


class Invoice(models.Model):
    """One invoice. Amounts in minor units of `currency`; `total` is signed, `amount_due` what is collected."""

    public_id = PublicIdField("inv")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices"
    )
    stripe_id = models.CharField(max_length=64, unique=True)
    number = models.CharField(_("number"), max_length=40, blank=True)
    status = models.CharField(_("status"), max_length=16)
    billing_reason = models.CharField(_("reason"), max_length=40, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    subtotal = models.BigIntegerField(_("subtotal"), default=0)
    tax = models.BigIntegerField(_("tax"), default=0)
    total = models.BigIntegerField(_("total"), default=0)
    amount_due = models.BigIntegerField(_("due"), default=0)
    amount_paid = models.BigIntegerField(_("paid"), default=0)
    amount_remaining = models.BigIntegerField(_("remaining"), default=0)
    starting_balance = models.BigIntegerField(_("balance before"), default=0)
    ending_balance = models.BigIntegerField(_("balance after"), default=0)
    hosted_url = models.URLField(max_length=500, blank=True)
    pdf_url = models.URLField(max_length=500, blank=True)
    issued_at = models.DateTimeField(_("issued"))
    due_at = models.DateTimeField(_("due on"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid on"), null=True, blank=True)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-issued_at", "-id"]
        indexes = [
            models.Index(fields=["account", "-issued_at", "-id"], name="invoice_by_account"),
            # Few are open at a time; every read of a subscription and the walk of dunning ask which.
            models.Index(fields=["account", "issued_at"], condition=models.Q(status="open"), name="invoice_open"),
        ]

    def __str__(self) -> str:
        return self.number or self.stripe_id


class InvoiceLine(models.Model):
    """One line of an invoice, for display. Amount in minor units, signed."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    stripe_id = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField()
    description = models.CharField(_("description"), max_length=300)
    amount = models.BigIntegerField(_("amount"))
    quantity = models.PositiveIntegerField(_("quantity"), null=True, blank=True)
    period_start = models.DateTimeField(_("from"))
    period_end = models.DateTimeField(_("to"))
    proration = models.BooleanField(_("proration"), default=False)

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering = ["invoice", "position"]
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="line_position_once")]

    def __str__(self) -> str:
        return self.description
