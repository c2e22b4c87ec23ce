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
    Both are empty until they were read. A refund that the bank sends back is RETURNED: what left the credit is given
    again (`credit_stripe_id`), and while `next_try_at` is set that is still to be done. `attempt` counts what staff
    tried again; every key and stamp is of one attempt. Written by billing.mirror (the row) and billing.changes.
    """

    class State(models.TextChoices):
        """Where it stands."""

        DUE = "due", _("On its way")
        DONE = "done", _("Given back")
        REFUSED = "refused", _("Refused by Stripe")
        RETURNED = "returned", _("Sent back by the bank")
        LEFT = "left", _("Left as credit")

    # Something is still to be sent to Stripe when their time has come.
    MOVING = (State.DUE, State.RETURNED)
    # The customer has it as credit although it was meant for the card: a person decides.
    STUCK = (State.REFUSED, State.RETURNED)

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
    credit_stripe_id = models.CharField(max_length=64, blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    calls = models.PositiveSmallIntegerField(default=0)
    first_call_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    failure_reason = models.CharField(_("reason of the bank"), max_length=64, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    returned_at = models.DateTimeField(_("sent back"), null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0, balance_amount__gte=0), name="refund_gives_back"
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state__in=("due", "returned")), name="refund_moving"),
            models.Index(fields=["refund_stripe_id"], condition=~Q(refund_stripe_id=""), name="refund_by_stripe_id"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} ({self.get_state_display()})"
