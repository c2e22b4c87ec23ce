"""A credit for seats that nobody used in a period, on its way to the next invoice (product.md F6)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.models.subscription import Subscription
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class IdleCredit(Dated):
    """What one period gives back. The row, with everybody counted, exists before Stripe hears of it.

    people: the holders counted idle when the row was made: member, name, email, seated_on, last_active_on (ISO days).
    credited: how many of them lower the invoice; seats beyond the purchased ones and below the minimum do not.
    full_amount, reduced_amount: Stripe's recurring previews for `quantity` and for `quantity - credited` seats, in
    minor units without tax. amount: what the invoice item says; never above zero.
    """

    class State(models.TextChoices):
        """Where it stands."""

        COUNTED = "counted", _("Counted")
        PRICED = "priced", _("Being credited")
        DONE = "done", _("On the next invoice")
        NOTHING = "nothing", _("Nothing to credit")
        FAILED = "failed", _("Failed")

    OPEN = (State.COUNTED, State.PRICED)

    public_id = PublicIdField("idc")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="idle_credits")
    period_start = models.DateTimeField(_("period from"))
    period_end = models.DateTimeField(_("period to"))
    counted_at = models.DateTimeField(_("counted"))
    first_day = models.DateField(_("idle from"))
    last_day = models.DateField(_("idle to"))
    quantity = models.PositiveIntegerField(_("purchased"))
    assigned = models.PositiveIntegerField(_("taken"))
    idle = models.PositiveIntegerField(_("idle"))
    credited = models.PositiveIntegerField(_("credited"))
    people = models.JSONField(_("people counted idle"), default=list)
    item_stripe_id = models.CharField(max_length=64)
    currency = models.CharField(_("currency"), max_length=3)
    full_amount = models.BigIntegerField(_("for all seats"), null=True, blank=True)
    reduced_amount = models.BigIntegerField(_("for the seats in use"), null=True, blank=True)
    amount = models.BigIntegerField(_("credit"), default=0)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.COUNTED)
    params = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=80, unique=True)
    first_call_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    invoice_item_stripe_id = models.CharField(max_length=64, blank=True)
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    error_text = models.CharField(max_length=300, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("credit for idle seats")
        verbose_name_plural = _("credits for idle seats")
        ordering = ["-period_end", "-id"]
        constraints = [
            # Never twice for a period, however often and late the job runs.
            models.UniqueConstraint(fields=["subscription", "period_end"], name="idle_credit_once_per_period"),
            models.CheckConstraint(condition=Q(amount__lte=0), name="idle_credit_is_a_credit"),
        ]
        indexes = [models.Index(fields=["state", "next_try_at"], name="idle_credit_due")]

    def __str__(self) -> str:
        return f"{self.credited} · {self.get_state_display()}"
