"""The card's part of an undone purchase on its way back: our row with its keys is there before the first call."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.models.quantity_change import QuantityChange
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Refund(Dated):
    """What an undo gives back by card. The undo itself made it credit on the balance, so the same amount leaves there.

    Amounts in minor units, from Stripe's invoices: `amount` goes to the card, `balance_amount` leaves the credit.
    Both are empty until they were read. Written by billing.mirror (the row) and billing.changes.give_back.
    """

    class State(models.TextChoices):
        """Where it stands."""

        DUE = "due", _("On its way")
        DONE = "done", _("Given back")
        REFUSED = "refused", _("Refused by Stripe")

    public_id = PublicIdField("rfd")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    change = models.OneToOneField(QuantityChange, on_delete=models.PROTECT, related_name="refund")
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("to the card"), null=True, blank=True)
    balance_amount = models.BigIntegerField(_("off the credit"), null=True, blank=True)
    payment_stripe_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DUE)
    refund_stripe_id = models.CharField(max_length=64, blank=True)
    balance_stripe_id = models.CharField(max_length=64, blank=True)
    calls = models.PositiveSmallIntegerField(default=0)
    first_call_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0, balance_amount__gte=0), name="refund_gives_back"
            ),
        ]
        indexes = [models.Index(fields=["next_try_at"], condition=Q(state="due"), name="refund_due")]

    def __str__(self) -> str:
        return f"{self.public_id} ({self.get_state_display()})"
