"""An account at Stripe, and its cards."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from seatportal.kit.ids import PublicIdField

_BRANDS = {"amex": "American Express", "mastercard": "Mastercard", "visa": "Visa", "discover": "Discover"}


class Customer(models.Model):
    """Mirror of Stripe's customer. `balance`: minor units, negative is credit in the customer's favour.

    fence: raised before each read; only the newest read may write (payments.md §5).
    """

    public_id = PublicIdField("cus")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    stripe_id = models.CharField(max_length=64, unique=True)
    email = models.EmailField(_("billing e-mail"), blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    balance = models.BigIntegerField(_("balance"), default=0)
    livemode = models.BooleanField(default=False)
    fence = models.PositiveBigIntegerField(default=0)
    synced_at = models.DateTimeField(_("read from Stripe"), null=True, blank=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return self.stripe_id


class PaymentMethod(models.Model):
    """Mirror of the card that is charged. Only what may be shown: brand, last digits, end."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="payment_method")
    stripe_id = models.CharField(max_length=64)
    kind = models.CharField(_("kind"), max_length=24)
    brand = models.CharField(_("brand"), max_length=24, blank=True)
    last4 = models.CharField(_("last digits"), max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True, blank=True)
    exp_year = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """As people know it: "Visa •••• 4242"."""
        brand = _BRANDS.get(self.brand, self.brand.replace("_", " ").capitalize())
        return f"{brand} •••• {self.last4}" if self.last4 else brand
