"""What is on sale: a plan (Stripe's product) and its prices with tiers. Written by sync_catalog alone."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from seatportal.kit.ids import PublicIdField


class Plan(models.Model):
    """A product sold by the seat. Minimum and self-service cap come from the product's metadata."""

    public_id = PublicIdField("plan")
    stripe_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=300, blank=True)
    minimum_seats = models.PositiveIntegerField(_("minimum seats"), default=1)
    self_service_max = models.PositiveIntegerField(
        _("self-service up to"), default=50, help_text=_("Above it no price is guessed: people talk to the vendor.")
    )
    trial_max = models.PositiveIntegerField(
        _("in a trial up to"), null=True, blank=True, help_text=_("Empty: as in self-service.")
    )
    active = models.BooleanField(_("on sale"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """One price of a plan in one currency and interval. Amounts in minor units."""

    class Scheme(models.TextChoices):
        """How the amount follows from the quantity."""

        FLAT = "flat", _("per seat")
        GRADUATED = "graduated", _("graduated")
        VOLUME = "volume", _("volume")

    public_id = PublicIdField("prc")
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="prices")
    stripe_id = models.CharField(max_length=64, unique=True)
    nickname = models.CharField(_("name"), max_length=120, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    interval = models.CharField(_("interval"), max_length=5)  # day, week, month, year: Stripe's words
    interval_count = models.PositiveSmallIntegerField(default=1)
    scheme = models.CharField(_("scheme"), max_length=10, choices=Scheme)
    unit_amount = models.BigIntegerField(_("amount per seat"), null=True, blank=True)
    active = models.BooleanField(_("on sale"), default=True)

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["plan", "currency", "interval", "id"]

    def __str__(self) -> str:
        return self.nickname or f"{self.plan} {self.currency.upper()}/{self.interval}"


class PriceTier(models.Model):
    """One step of a graduated or volume price; `up_to` empty is the last step. Amounts in minor units."""

    price = models.ForeignKey(Price, on_delete=models.CASCADE, related_name="tiers")
    position = models.PositiveSmallIntegerField()
    up_to = models.PositiveIntegerField(_("up to"), null=True, blank=True)
    unit_amount = models.BigIntegerField(_("amount per seat"), default=0)
    flat_amount = models.BigIntegerField(_("amount for the step"), default=0)

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["price", "position"]
        constraints = [models.UniqueConstraint(fields=["price", "position"], name="tier_position_once")]

    def __str__(self) -> str:
        return f"… {self.up_to or '∞'}"
