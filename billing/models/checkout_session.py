"""Stripe's page for the first purchase, opened from ours: at most one per account at a time."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from billing.models.plan import Price
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class CheckoutSession(Dated):
    """One session with its key and parameters, stored before it is opened.

    stripe_id and url are empty until Stripe answered. What was paid is never learnt from here, but from a read of the
    subscription.
    """

    class State(models.TextChoices):
        """Where it stands."""

        CONFIRMED = "confirmed", _("Being opened")
        OPEN = "open", _("Open")
        COMPLETE = "complete", _("Paid")
        EXPIRED = "expired", _("Closed")
        FAILED = "failed", _("Not opened")

    PENDING = (State.CONFIRMED, State.OPEN)

    public_id = PublicIdField("chk")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("seats"))
    params = models.JSONField()
    idempotency_key = models.CharField(max_length=80, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CONFIRMED)
    stripe_id = models.CharField(max_length=80, blank=True)
    url = models.TextField(blank=True)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("checkout")
        verbose_name_plural = _("checkouts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state__in=["confirmed", "open"]), name="checkout_one_open_per_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.quantity} ({self.get_state_display()})"
