"""What an account's own systems are told: where, of what, and each message on its way or gone."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class WebhookEndpoint(Dated):
    """An address of the customer. events: kinds that it gets; empty: all.

    nonce: with the server's secret key it makes the signing secret, which is stored nowhere. old_nonce signs as well
    until old_until. failing_since: since then nothing but failure.
    """

    class DisabledBy(models.TextChoices):
        """Why nothing is sent there."""

        HAND = "hand", _("Switched off")
        FAILING = "failing", _("Failed for days")
        GONE = "gone", _("It said that it is gone")

    public_id = PublicIdField("whe")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(_("address"), max_length=500)
    description = models.CharField(_("description"), max_length=80, blank=True)
    events = ArrayField(models.CharField(max_length=40), verbose_name=_("events"), default=list, blank=True)
    nonce = models.CharField(max_length=32)
    old_nonce = models.CharField(max_length=32, blank=True)
    old_until = models.DateTimeField(_("former secret works until"), null=True, blank=True)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("off since"), null=True, blank=True)
    disabled_by = models.CharField(_("off because"), max_length=8, choices=DisabledBy, blank=True)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True, disabled_by="")
                | (Q(disabled_at__isnull=False) & ~Q(disabled_by="")),
                name="webhook_endpoint_off_has_a_reason",
            )
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """What people call it: its description, or where it leads."""
        return self.description or self.url.partition("://")[2].partition("/")[0]


class WebhookStream(models.Model):
    """How far an account's events are numbered; locked by who numbers."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="+", primary_key=True)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.account_id}: {self.last}"


class WebhookEvent(models.Model):
    """Something that happened, written in the transaction in which it did.

    sequence: its place among the account's events, without gaps; given before it is first sent. 0: a test, which has
    none.
    """

    public_id = PublicIdField("evt")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    type = models.CharField(_("event"), max_length=40)
    at = models.DateTimeField(_("when"))
    data = models.JSONField(_("data"), default=dict, encoder=DjangoJSONEncoder)
    sequence = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "sequence"], condition=Q(sequence__gt=0), name="webhook_sequence_once"
            )
        ]
        indexes = [
            models.Index(fields=["account"], condition=Q(sequence__isnull=True), name="webhook_event_not_numbered"),
            models.Index(fields=["at"], name="webhook_event_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"


class WebhookDelivery(Dated):
    """One event on its way to one endpoint: the row is the job, an empty `sent_at` means that it is due.

    leased_until: somebody is sending it. status, excerpt, milliseconds: of the last answer; without one, last_error
    says why.
    """

    public_id = PublicIdField("whd")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    next_try_at = models.DateTimeField(_("next try"))
    leased_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    tried_at = models.DateTimeField(_("last try"), null=True, blank=True)
    sent_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)
    status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    excerpt = models.CharField(_("beginning of the answer"), max_length=1000, blank=True)
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_delivery_once")]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(sent_at__isnull=True, given_up_at__isnull=True),
                name="webhook_delivery_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.endpoint}"


class WebhookAttempt(models.Model):
    """One try of a delivery and what came of it, kept as long as the event. status: None where nothing answered."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField(_("sent"))
    status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.error or f"HTTP {self.status}"
