"""One delivery from Stripe, kept before it is handled (payments.md §6)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class StripeEvent(models.Model):
    """An event in the inbox. It says which object to read again; its content is never copied into the mirror."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        DEAD = "dead", _("Given up")
        REFUSED = "refused", _("Refused")

    event_id = models.CharField(max_length=80, primary_key=True)
    kind = models.CharField(_("type"), max_length=80)
    object_id = models.CharField(max_length=80, blank=True)
    subscription_stripe_id = models.CharField(max_length=64, blank=True)
    customer_stripe_id = models.CharField(max_length=64, blank=True)
    livemode = models.BooleanField(default=False)
    api_version = models.CharField(_("API version"), max_length=40, blank=True)
    stripe_created = models.DateTimeField()
    request_idempotency_key = models.CharField(max_length=255, blank=True)
    payload = models.JSONField()
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(auto_now_add=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(state="waiting"), name="event_waiting"),
            models.Index(fields=["subscription_stripe_id"], name="event_by_subscription"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class EventCursor(models.Model):
    """Up to when Stripe's list of events was read to its end. One row.

    The newest event in the inbox would not do: one that arrives after a gap would hide the gap.
    """

    read_until = models.DateTimeField()

    class Meta:
        verbose_name = _("event cursor")
        verbose_name_plural = _("event cursors")

    def __str__(self) -> str:
        return self.read_until.isoformat()
