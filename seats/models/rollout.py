"""Seats that come in steps: a plan and its tranches (product.md D7, D8)."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Account, ApiKey, Department, Membership, User
from billing.models import QuantityChange
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class RolloutPlan(Dated):
    """How an account grows, step by step. Open until somebody ends it.

    budget_month: the month with which the budget year begins, 1 to 12.
    """

    public_id = PublicIdField("rol")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    budget_month = models.PositiveSmallIntegerField(
        _("budget year begins in"), default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("rollout plan")
        verbose_name_plural = _("rollout plans")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(budget_month__gte=1, budget_month__lte=12), name="rollout_month"),
        ]

    def __str__(self) -> str:
        return self.name


class Tranche(Dated):
    """So many seats on a day, for at most an amount. The row is the job that buys them.

    due_on: by the account's calendar. gate_percent: of the purchased seats so many percent must be active before;
    empty: the day alone decides. released_*: somebody let it go although they are not.
    ceiling: the most that may be due at once, in minor units of `currency`; agreed to by agreed_by or agreed_key.
    estimate, estimate_of: what Stripe's preview said when it was agreed, and for which moment; no promise.
    asked: the amount of the price that was above the ceiling. held_code: why it waits for a person or for the gate.
    request: where it was sent for approval.
    next_look_at: when it is looked at again; empty: a person decides. tried_since: the first try of those that Stripe
    or another purchase put off.
    """

    class State(models.TextChoices):
        """Where it stands."""

        PLANNED = "planned", _("Planned")
        HELD = "held", pgettext_lazy("tranche", "Held")
        BUYING = "buying", _("Being bought")
        BOUGHT = "bought", _("Bought")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN = (State.PLANNED, State.HELD)

    public_id = PublicIdField("trn")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(RolloutPlan, on_delete=models.PROTECT, related_name="tranches")
    department = models.ForeignKey(
        Department, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("department")
    )
    quantity = models.PositiveIntegerField(_("seats"))
    due_on = models.DateField(_("day"))
    owner = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner"))
    gate_percent = models.PositiveSmallIntegerField(_("active seats at least, in percent"), null=True, blank=True)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    released_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    released_reason = models.CharField(_("reason"), max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    ceiling = models.BigIntegerField(_("at most"))
    agreed_at = models.DateTimeField(_("agreed"))
    agreed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    agreed_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    estimate = models.BigIntegerField(_("estimate"), null=True, blank=True)
    estimate_of = models.DateTimeField(null=True, blank=True)
    po_number = models.CharField(_("purchase order number"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PLANNED)
    held_code = models.CharField(_("held because"), max_length=64, blank=True)
    held_at = models.DateTimeField(_("held since"), null=True, blank=True)
    asked = models.BigIntegerField(_("price on the day"), null=True, blank=True)
    change = models.OneToOneField(QuantityChange, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    request = models.ForeignKey(
        "seats.SeatRequest",
        verbose_name=_("sent for approval"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    next_look_at = models.DateTimeField(null=True, blank=True)
    tried_since = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("tranche")
        verbose_name_plural = _("tranches")
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="tranche_has_seats"),
            models.CheckConstraint(condition=Q(ceiling__gte=0), name="tranche_ceiling"),
            models.CheckConstraint(
                condition=Q(gate_percent__isnull=True) | Q(gate_percent__gte=1, gate_percent__lte=100),
                name="tranche_gate",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["buying", "bought"]) | Q(change__isnull=False), name="tranche_bought_by_change"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_look_at"], condition=Q(state__in=["planned", "held", "buying"]), name="tranche_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.due_on}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be changed."""
        return self.state in self.OPEN
