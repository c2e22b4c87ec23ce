"""A price promised until a time."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from billing.models.subscription import Subscription
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Quote(Dated):
    """What Stripe's preview said, and everything needed to charge exactly that.

    Amounts in minor units, all from Stripe. `total` is signed (below zero: a credit); `amount_due` leaves the card now.
    `proration_date` (unix seconds) is pinned, so that the charge is computed for the same instant.
    target_price_stripe_id: of a plan change; empty: the price stays. new_cycle: the period begins anew with the change.
    discount: what is taken off below the lines; where Stripe counts it into them, zero. discount_ids: in force for the
    price or the next invoice.
    waiting: pending invoice items of the customer, which are no part of the price: description and amount.
    due_days: on credit; the invoice is due so many days later. Empty: a card is charged.
    commits: in a trial, where nothing is due yet: what the change costs for a whole period by list price.
    """

    class Kind(models.TextChoices):
        """What is priced; see QuantityChange.Kind."""

        ADD = "add", _("Seats added")
        PLAN = "plan", _("Plan changed")
        TRUE_UP = "true_up", _("Quarterly true-up")

    public_id = PublicIdField("qte")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="quotes")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.ADD)
    base_quantity = models.PositiveIntegerField(_("seats before"))
    target_quantity = models.PositiveIntegerField(_("seats after"))
    base_version = models.PositiveIntegerField()
    item_stripe_id = models.CharField(max_length=64)
    price_stripe_id = models.CharField(max_length=64)
    target_price_stripe_id = models.CharField(max_length=64, blank=True)
    new_cycle = models.BooleanField(default=False)
    proration_date = models.BigIntegerField()
    currency = models.CharField(_("currency"), max_length=3)
    subtotal = models.BigIntegerField(_("subtotal"))
    discount = models.BigIntegerField(_("discount"), default=0)
    discount_ids = models.JSONField(default=list)
    tax = models.BigIntegerField(_("tax"))
    discount = models.BigIntegerField(_("discount"), default=0)
    total = models.BigIntegerField(_("total"))
    starting_balance = models.BigIntegerField(_("balance before"))
    amount_due = models.BigIntegerField(_("due now"))
    lines = models.JSONField(default=list)
    waiting = models.JSONField(default=list)
    due_days = models.PositiveSmallIntegerField(_("days until due"), null=True, blank=True)
    commits = models.BigIntegerField(_("a period, in a trial"), null=True, blank=True)
    next_total = models.BigIntegerField(_("next invoice"), null=True, blank=True)
    next_at = models.DateTimeField(_("next invoice on"), null=True, blank=True)
    expires_at = models.DateTimeField(_("held until"))
    consumed_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.base_quantity} → {self.target_quantity}"

    @property
    def on_credit(self) -> bool:
        """Whether an invoice is sent and no card is charged."""
        return self.due_days is not None

    @property
    def added(self) -> int:
        """Seats that this quote adds."""
        return self.target_quantity - self.base_quantity

    @property
    def weight(self) -> int:
        """What an allowance and approvers weigh it by: its total, or in a trial what it commits to, if that is more."""
        return max(self.total, self.commits) if self.commits is not None else self.total
