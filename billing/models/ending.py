"""The wish to let a subscription end with its period, or to take that back. The status itself follows from reads."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, ApiKey, User
from billing.models.subscription import Subscription
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Ending(Dated):
    """One such wish with its key and parameters, stored before it is sent. At most one is open per subscription."""

    class Kind(models.TextChoices):
        """Which way."""

        CANCEL = "cancel", _("End with the period")
        RESUME = "resume", _("Go on")

    class State(models.TextChoices):
        """Where it stands."""

        CONFIRMED = "confirmed", _("On its way")
        DONE = "done", _("Done")
        FAILED = "failed", _("Not done")

    public_id = PublicIdField("end")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="endings")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=6, choices=Kind)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    params = models.JSONField()
    idempotency_key = models.CharField(max_length=80, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CONFIRMED)
    calls = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(_("accepted"))
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("end of a subscription")
        verbose_name_plural = _("ends of subscriptions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(state="confirmed"), name="ending_one_open_per_subscription"
            )
        ]
        indexes = [models.Index(fields=["next_try_at"], condition=Q(state="confirmed"), name="ending_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_state_display()})"
