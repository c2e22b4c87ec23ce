"""Our mirror of one subscription. Written by `billing.mirror` alone; Stripe is the truth."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.models.customer import Customer
from billing.models.plan import Price
from seatportal.kit.ids import PublicIdField

ENDED = ("canceled", "incomplete_expired")


class Subscription(models.Model):
    """One subscription as last read from Stripe.

    fence: raised before each read; only the newest read may write (payments.md §5).
    version: raised when something changed that a quote depends on.
    """

    class Frozen(models.TextChoices):
        """Why seats cannot be bought here until somebody has looked."""

        SHAPE = "shape", _("Price, currency, line or billing mode changed at Stripe")
        FOREIGN_PENDING = "foreign_pending", _("An update that is not ours waits for its payment")

    public_id = PublicIdField("sub")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    stripe_id = models.CharField(max_length=64, unique=True)
    status = models.CharField(_("status"), max_length=24)
    currency = models.CharField(_("currency"), max_length=3)
    collection_method = models.CharField(_("collection"), max_length=24, default="charge_automatically")
    days_until_due = models.PositiveSmallIntegerField(_("days until due"), null=True, blank=True)
    billing_mode = models.CharField(_("billing mode"), max_length=12, default="flexible")
    cancel_at = models.DateTimeField(_("ends on"), null=True, blank=True)
    trial_end = models.DateTimeField(_("trial ends"), null=True, blank=True)
    paused = models.BooleanField(_("collection paused"), default=False)
    pause_cause = models.CharField(_("paused because"), max_length=48, blank=True)
    schedule_stripe_id = models.CharField(max_length=64, blank=True)
    stamp = models.CharField(_("last change's id"), max_length=40, blank=True)
    pending_stamp = models.CharField(_("waiting change's id"), max_length=40, blank=True)
    pending_expires_at = models.DateTimeField(_("waiting until"), null=True, blank=True)
    card_stripe_id = models.CharField(
        max_length=64, blank=True, help_text=_("Its own card; empty: the customer's is charged.")
    )
    latest_invoice_stripe_id = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    frozen = models.CharField(_("self-service stopped because"), max_length=24, choices=Frozen, blank=True)
    frozen_at = models.DateTimeField(_("stopped on"), null=True, blank=True)
    listed_at = models.DateTimeField(_("listed by Stripe"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    fence = models.PositiveBigIntegerField(default=0)
    synced_at = models.DateTimeField(_("read from Stripe"), null=True, blank=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=~Q(status__in=ENDED), name="subscription_one_live_per_account"
            )
        ]

    def __str__(self) -> str:
        return self.stripe_id


class SubscriptionItem(models.Model):
    """One line of a subscription. The seat item is the one whose price's plan we sell."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="items")
    stripe_id = models.CharField(max_length=64, unique=True)
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))
    period_start = models.DateTimeField(_("period from"))
    period_end = models.DateTimeField(_("period to"))

    class Meta:
        verbose_name = _("subscription item")
        verbose_name_plural = _("subscription items")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.stripe_id
