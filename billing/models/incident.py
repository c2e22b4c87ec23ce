"""Something about money that a person must look at, and the credit note that may put it right."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from billing.models.quantity_change import QuantityChange
from billing.models.subscription import Subscription
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Incident(Dated):
    """Promise and charge, or money and seats, that do not agree.

    quoted, charged: totals in minor units of `currency`, as Stripe gave them; both empty where no amounts are compared.
    differences: [{"what", "quoted", "charged"}], each value as it stood on either side.
    """

    class Kind(models.TextChoices):
        """What does not agree."""

        CHARGE_DIFFERS = "charge_differs", _("Charged is not what was quoted")
        MONEY_WITHOUT_GRANT = "money_without_grant", _("Paid, but no seats were given")
        GRANT_WITHOUT_MONEY = "grant_without_money", _("Seats were given, but not paid")

    class Gravity(models.TextChoices):
        """Low is in the customer's favour, or of no consequence to what was paid."""

        LOW = "low", _("Low")
        HIGH = "high", _("High")

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Open")
        ACKNOWLEDGED = "acknowledged", _("Somebody is on it")
        RESOLVED = "resolved", _("Resolved")

    UNRESOLVED = (State.OPEN, State.ACKNOWLEDGED)

    public_id = PublicIdField("inc")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="incidents")
    change = models.ForeignKey(
        QuantityChange, on_delete=models.PROTECT, null=True, blank=True, related_name="incidents"
    )
    kind = models.CharField(_("what"), max_length=24, choices=Kind)
    gravity = models.CharField(_("gravity"), max_length=4, choices=Gravity, default=Gravity.HIGH)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    invoice_stripe_id = models.CharField(_("invoice"), max_length=64, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    quoted = models.BigIntegerField(_("quoted"), null=True, blank=True)
    charged = models.BigIntegerField(_("charged"), null=True, blank=True)
    difference = models.BigIntegerField(_("charged too much"), default=0)
    differences = models.JSONField(_("both sides"), default=list, blank=True)
    handled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "change"], condition=Q(change__isnull=False), name="incident_once_per_change"
            ),
            models.UniqueConstraint(
                fields=["kind", "invoice_stripe_id"],
                condition=Q(change__isnull=True) & ~Q(invoice_stripe_id=""),
                name="incident_once_per_invoice",
            ),
        ]
        indexes = [models.Index(fields=["state"], condition=~Q(state="resolved"), name="incident_unresolved")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.account})"

    @property
    def creditable(self) -> int:
        """What a credit note would give back, minor units: charged − quoted where that is above zero."""
        return self.difference if self.difference > 0 else 0


class CreditNote(Dated):
    """Money given back for one incident. The row with its key exists before the call; it can be carried on.

    Of `amount`, `asked_less` is what an open invoice asks for less; the rest was paid already and goes back. `attempt`
    counts how often staff issued it: each has parameters and a key of its own.
    """

    class State(models.TextChoices):
        """Where it stands."""

        CONFIRMED = "confirmed", _("Accepted")
        ISSUED = "issued", _("Issued")
        REFUSED = "refused", _("Refused by Stripe")

    public_id = PublicIdField("crn")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="credit_note")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200)
    invoice_stripe_id = models.CharField(_("invoice"), max_length=64)
    amount = models.BigIntegerField(_("amount"))
    asked_less = models.BigIntegerField(_("asked for less"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    params = models.JSONField()
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    idempotency_key = models.CharField(max_length=80, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CONFIRMED)
    calls = models.PositiveSmallIntegerField(default=0)
    first_call_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    stripe_id = models.CharField(max_length=64, blank=True)
    number = models.CharField(_("number"), max_length=40, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    issued_at = models.DateTimeField(_("issued"), null=True, blank=True)

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="credit_note_gives_something")]

    def __str__(self) -> str:
        return self.number or str(self.public_id)
