"""What was agreed with one account, where it differs from its plan."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from seatportal.kit.models import Dated


class Terms(Dated):
    """Exceptions and commitments of one account; without a row, and where a field is empty, the plan's own hold.

    minimum_seats and self_service_max go before the plan's until `valid_until`.
    committed_quantity: seats that stay until `committed_until`; a reduction below waits for that day.
    idle_days: a seat is idle when its holder did nothing on so many days of the account's calendar.
    true_up_from: the first day of the first quarter that is trued up; another begins every three months. Empty: no
    true-up, or with the hybrid policy the quarters of the calendar.
    adds_commit: seats added during the commitment stay as long as the others.
    credit_limit: minor units of the subscription's currency that may be open on invoices; for invoice customers.
    """

    class InactivePolicy(models.TextChoices):
        """What becomes of seats whose holders do nothing (product.md F5–F7)."""

        ALL = "all", _("All seats are charged")
        ACTIVE = "active", _("Idle seats are credited")
        HYBRID = "hybrid", _("All seats are charged, idle ones leave at the quarterly true-up")

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="+")
    minimum_seats = models.PositiveIntegerField(_("minimum seats"), null=True, blank=True)
    self_service_max = models.PositiveIntegerField(_("self-service up to"), null=True, blank=True)
    committed_quantity = models.PositiveIntegerField(_("committed seats"), default=0)
    committed_until = models.DateTimeField(_("committed until"), null=True, blank=True)
    adds_commit = models.BooleanField(_("added seats are committed too"), default=False)
    inactive_policy = models.CharField(
        _("idle seats"), max_length=8, choices=InactivePolicy, default=InactivePolicy.ALL
    )
    idle_days = models.PositiveSmallIntegerField(_("idle after days"), default=30)
    true_up_from = models.DateField(_("quarterly true-up from"), null=True, blank=True)
    credit_limit = models.BigIntegerField(_("credit limit"), null=True, blank=True)
    po_number = models.CharField(_("purchase order number"), max_length=60, blank=True)
    grace_until = models.DateTimeField(
        _("grace until"), null=True, blank=True, help_text=_("Until then an unpaid invoice stops nothing.")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    valid_until = models.DateTimeField(_("exceptions end"), null=True, blank=True)

    class Meta:
        verbose_name = _("terms")
        verbose_name_plural = _("terms")
        constraints = [
            models.CheckConstraint(
                condition=Q(committed_quantity=0) | Q(committed_until__isnull=False), name="terms_commitment_has_an_end"
            )
        ]

    def __str__(self) -> str:
        return str(self.account)
