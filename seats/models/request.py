"""A seat that somebody asked for, or a purchase that somebody wants approved."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Department, Membership, User
from billing.models import ApprovalStep, QuantityChange
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class SeatRequest(Dated):
    """Asked, by whom, why, decided by whom.

    kind seat: one of the account's seats for `membership`. kind purchase: more seats or another plan, to be bought;
    `membership` is who asked. Then quantity is the number of seats to add, people and emails are whom they are for,
    price_id (public id) is of a change of plan, and the asked_ amounts are what it cost when asked: with tax (a whole
    period by list price in a trial), what was due, and what every month costs more by list price; minor units of
    `currency`. change: the purchase it became.
    problem: the code of one that ended without seats, after which the request waits again.
    """

    class Kind(models.TextChoices):
        """What is asked for."""

        SEAT = "seat", _("A seat")
        PURCHASE = "purchase", _("A purchase")

    class State(models.TextChoices):
        """Where it stands. BUYING: approved, and on its way to be paid."""

        OPEN = "open", _("Waiting for an answer")
        BUYING = "buying", _("Being bought")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    public_id = PublicIdField("req")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.SEAT, db_default=Kind.SEAT)
    membership = models.ForeignKey(Membership, verbose_name=_("for whom"), on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    quantity = models.PositiveIntegerField(_("seats to add"), null=True, blank=True)
    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    people = models.ManyToManyField(Membership, verbose_name=_("for"), blank=True, related_name="+")
    emails = models.JSONField(default=list, db_default=[], blank=True)
    po_number = models.CharField(_("purchase order number"), max_length=60, blank=True, default="", db_default="")
    price_id = models.CharField(max_length=40, blank=True, default="", db_default="")
    quote_id = models.CharField(max_length=40, blank=True, default="", db_default="")
    currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    asked_total = models.BigIntegerField(_("price when asked"), null=True, blank=True)
    asked_due = models.BigIntegerField(_("due when asked"), null=True, blank=True)
    asked_monthly = models.BigIntegerField(_("more a month"), null=True, blank=True)
    change = models.ForeignKey(QuantityChange, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    problem = models.CharField(_("not bought because"), max_length=64, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("seat request")
        verbose_name_plural = _("seat requests")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "membership"],
                condition=Q(state="open", kind="seat"),
                name="request_open_once_per_person",
            ),
            models.UniqueConstraint(fields=["quote_id"], condition=Q(kind="purchase"), name="request_once_per_quote"),
            models.CheckConstraint(
                condition=Q(kind="seat") | Q(quantity__isnull=False, asked_total__isnull=False),
                name="request_purchase_has_a_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.get_state_display()}"

    @property
    def is_purchase(self) -> bool:
        """Whether something is to be bought."""
        return self.kind == self.Kind.PURCHASE


class RequestStep(models.Model):
    """One step of a purchase's approval, as the account's chain was when it was asked.

    approved: the price that `decided_by` saw and agreed to, minor units with tax; a higher one opens the step again.
    """

    request = models.ForeignKey(SeatRequest, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("position"))
    role = models.CharField(_("role"), max_length=12, choices=ApprovalStep.Role)
    people = models.ManyToManyField(Membership, blank=True, related_name="+")
    from_amount = models.BigIntegerField(_("from"), default=0)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    approved = models.BigIntegerField(_("approved up to"), null=True, blank=True)

    class Meta:
        verbose_name = _("step of a request")
        verbose_name_plural = _("steps of requests")
        ordering = ["request", "position"]
        constraints = [models.UniqueConstraint(fields=["request", "position"], name="request_step_once")]

    def __str__(self) -> str:
        return f"{self.position}. {self.get_role_display()}"
