"""Signals told to the account team: what was told, and each way on which it goes to each person."""

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Channel(models.TextChoices):
    """How an alert travels."""

    MAIL = "mail", _("E-mail")
    IN_APP = "in_app", _("Staff inbox")
    SLACK = "slack", _("Slack")
    WEBHOOK = "webhook", _("Webhook")


class Alert(Dated):
    """What one sweep told of one account. Its signals point here; it stands before anything is sent."""

    public_id = PublicIdField("alt")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["account", "-at"], name="alert_by_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.at:%Y-%m-%d %H:%M}"


class AlertEndpoint(Dated):
    """An address of the vendor's own tools that hears alerts: a Slack-style one, or a signed webhook.

    secret: signs webhooks (Standard Webhooks: `whsec_` and base64); not used for Slack.
    """

    KINDS = [(Channel.SLACK.value, Channel.SLACK.label), (Channel.WEBHOOK.value, Channel.WEBHOOK.label)]

    public_id = PublicIdField("aep")
    name = models.CharField(_("name"), max_length=80)
    channel = models.CharField(_("kind"), max_length=8, choices=KINDS)
    url = models.CharField(
        _("address"), max_length=500, validators=[URLValidator(schemes=["https"])], help_text=_("Only https.")
    )
    secret = models.CharField(_("secret"), max_length=100, blank=True, editable=False)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("alert address")
        verbose_name_plural = _("alert addresses")
        ordering = ["name", "id"]
        constraints = [models.CheckConstraint(condition=Q(url__startswith="https://"), name="alert_endpoint_is_https")]

    def __str__(self) -> str:
        return self.name


class AlertPreference(models.Model):
    """How one member of staff hears alerts. Without a row: mail at once, and the inbox."""

    class Mail(models.TextChoices):
        """When alerts come by mail."""

        AT_ONCE = "at_once", _("At once")
        DAILY = "daily", _("Once a day, together")
        NEVER = "never", _("Never")

    class Scope(models.TextChoices):
        """Of which accounts."""

        MINE = "mine", _("Accounts I look after, and those nobody does")
        ALL = "all", _("All accounts")

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    mail = models.CharField(_("by mail"), max_length=8, choices=Mail, default=Mail.AT_ONCE)
    scope = models.CharField(_("of"), max_length=4, choices=Scope, default=Scope.MINE)
    in_app = models.BooleanField(_("in the staff inbox"), default=True)

    class Meta:
        verbose_name = _("alert preference")
        verbose_name_plural = _("alert preferences")

    def __str__(self) -> str:
        return f"{self.user}: {self.get_mail_display()}"


class AlertDelivery(models.Model):
    """One alert on one way to one person or address: the row is the job, an empty `sent_at` means that it is due.

    digest: waits for the day's one mail instead of going alone.
    """

    public_id = PublicIdField("adl")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("to")
    )
    endpoint = models.ForeignKey(
        AlertEndpoint, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("address")
    )
    digest = models.BooleanField(_("in the digest"), default=False)
    next_try_at = models.DateTimeField(_("next try"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    replays = models.PositiveSmallIntegerField(_("sent again by staff"), default=0, db_default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("alert delivery")
        verbose_name_plural = _("alert deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "alert", "channel", "user", "endpoint"],
                name="alert_delivery_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, endpoint__isnull=True) | Q(user__isnull=True, endpoint__isnull=False),
                name="alert_delivery_has_one_reader",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(sent_at__isnull=True, given_up_at__isnull=True),
                name="alert_delivery_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} → {self.user or self.endpoint}"
