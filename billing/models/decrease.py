"""Fewer seats from the next period on: our row is the truth, Stripe hears of it a day before (payments.md §3)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from billing.models.quantity_change import QuantityChange
from billing.models.subscription import Subscription
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class ScheduledDecrease(Dated):
    """A planned reduction. At most one is open per subscription; it can be changed or withdrawn until its day."""

    class State(models.TextChoices):
        """Where it stands."""

        PLANNED = "planned", _("Planned")
        PLACED = "placed", _("At Stripe")
        MISSED = "missed", _("Missed, being put right")
        DONE = "done", _("Done")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        FAILED = "failed", _("Failed")

    OPEN = (State.PLANNED, State.PLACED, State.MISSED)

    public_id = PublicIdField("dec")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="decreases")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    base_quantity = models.PositiveIntegerField(_("seats now"))
    renew_quantity = models.PositiveIntegerField(_("seats from then on"))
    effective_at = models.DateTimeField(_("from"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PLANNED)
    schedule_stripe_id = models.CharField(max_length=64, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    # Counts the keys used; first_call_at: since when the present one is.
    tries = models.PositiveSmallIntegerField(default=0)
    first_call_at = models.DateTimeField(null=True, blank=True)
    # Of a missed one: the quantity with which its period began, and what puts it right.
    missed_quantity = models.PositiveIntegerField(null=True, blank=True)
    repair = models.OneToOneField(QuantityChange, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("planned reduction")
        verbose_name_plural = _("planned reductions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"],
                condition=Q(state__in=["planned", "placed", "missed"]),
                name="decrease_one_open_per_subscription",
            )
        ]

    def __str__(self) -> str:
        return f"{self.base_quantity} → {self.renew_quantity}"

    @property
    def on_stripe(self) -> bool:
        """Whether a schedule there may carry it: placed, or half placed by a call without an answer."""
        return self.state in (self.State.PLANNED, self.State.PLACED) and bool(self.schedule_stripe_id)
