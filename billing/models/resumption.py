"""The wish to go on after a pause: priced, agreed, sent. Whether it goes on is a read."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, ApiKey, User
from billing.models.subscription import Subscription
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Resumption(Dated):
    """One such wish with its key, parameters and price, stored before it is sent. At most one is open each.

    Amounts in minor units of `currency`. seen_invoice_stripe_id: the newest invoice before it was sent; another one
    after it is the resumption's own, since Stripe takes no metadata here.
    """

    class State(models.TextChoices):
        """Where it stands."""

        CONFIRMED = "confirmed", _("On its way")
        AWAITING_PAYMENT = "awaiting_payment", _("Waits for its payment")
        DONE = "done", _("Resumed")
        ABANDONED = "abandoned", _("Not paid")
        FAILED = "failed", _("Not done")

    OPEN = (State.CONFIRMED, State.AWAITING_PAYMENT)

    public_id = PublicIdField("rsm")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="resumptions")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    quoted_total = models.BigIntegerField(_("quoted"))
    quoted_due = models.BigIntegerField(_("quoted to pay"))
    charged_total = models.BigIntegerField(_("charged"), null=True, blank=True)
    params = models.JSONField()
    idempotency_key = models.CharField(max_length=80, unique=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.CONFIRMED)
    calls = models.PositiveSmallIntegerField(default=0)
    reads = models.PositiveSmallIntegerField(default=0)
    first_call_at = models.DateTimeField(null=True, blank=True)
    got_server_error = models.BooleanField(default=False)
    seen_invoice_stripe_id = models.CharField(max_length=64, blank=True)
    invoice_stripe_id = models.CharField(_("invoice"), max_length=64, blank=True)
    payment_needs = models.CharField(max_length=16, blank=True)
    decline_code = models.CharField(_("declined because"), max_length=64, blank=True)
    payment_tries = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(_("accepted"))
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("resumption")
        verbose_name_plural = _("resumptions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"],
                condition=Q(state__in=["confirmed", "awaiting_payment"]),
                name="resumption_one_open_per_subscription",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(state__in=["confirmed", "awaiting_payment"]), name="resumption_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscription} ({self.get_state_display()})"

    @property
    def is_open(self) -> bool:
        """Not at its end yet."""
        return self.state in self.OPEN
