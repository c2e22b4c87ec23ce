"""What each change of an account meant in recurring revenue: kept when it happens, since prices move on."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from seats.models.ledger import LedgerEntry


class RecurringChange(models.Model):
    """One part of one change, by its cause. Amounts per year in minor units of `currency`, by Stripe's mirrored price,
    before discounts and tax: never charged, only counted.

    entry: the ledger's line; empty where only the price moved at Stripe. price_stripe_id: the price after it.
    assumed: the price of that day was not kept, so the next one known was taken.
    """

    class Cause(models.TextChoices):
        """Why it moved (product.md H5)."""

        NEW = "new", _("First seats")
        RETURNED = "returned", _("Back after an end")
        SEATS = "seats", _("Seats")
        PRICE = "price", _("Price")
        PLAN = "plan", _("Change of plan")
        OTHER = "other", _("Other, such as changes at Stripe")
        ENDED = "ended", _("Ended")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(_("when"))
    cause = models.CharField(_("cause"), max_length=8, choices=Cause)
    currency = models.CharField(_("currency"), max_length=3)
    before = models.BigIntegerField(_("per year before"))
    after = models.BigIntegerField(_("per year after"))
    quantity = models.PositiveIntegerField(_("seats after"))
    price_stripe_id = models.CharField(_("price"), max_length=64)
    undone = models.BooleanField(_("takes back a purchase"), default=False)
    assumed = models.BooleanField(_("price assumed"), default=False)
    entry = models.ForeignKey(
        LedgerEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ledger entry")
    )

    class Meta:
        verbose_name = _("change of recurring revenue")
        verbose_name_plural = _("changes of recurring revenue")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "cause"], condition=Q(entry__isnull=False), name="recurring_once_per_entry"
            )
        ]
        indexes = [models.Index(fields=["account", "-at", "-id"], name="recurring_by_account")]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} {self.before} → {self.after} {self.currency.upper()}"
