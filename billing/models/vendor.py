"""Who sells: what a customer's purchasing department asks for."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Vendor(models.Model):
    """One row, kept by staff; customers' billing people read and download it, and order documents name it.

    Empty fields are left out. slot: always 1, so that there is one.
    """

    slot = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)
    name = models.CharField(_("legal name"), max_length=120)
    address = models.TextField(_("address"), max_length=400)
    tax_id = models.CharField(_("tax number or VAT ID"), max_length=60, blank=True)
    register = models.CharField(_("registration"), max_length=120, blank=True, help_text=_("Court and number."))
    email = models.EmailField(_("e-mail for orders"), blank=True)
    bank = models.CharField(_("bank"), max_length=120, blank=True)
    iban = models.CharField(_("account number (IBAN)"), max_length=60, blank=True)
    bic = models.CharField(_("bank code (BIC)"), max_length=20, blank=True)
    tax_form_url = models.URLField(_("tax form"), blank=True)
    security_url = models.URLField(_("security"), blank=True)
    terms_url = models.URLField(_("terms of service"), blank=True)
    privacy_url = models.URLField(_("privacy"), blank=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("vendor data")
        verbose_name_plural = _("vendor data")
        constraints = [models.CheckConstraint(condition=models.Q(slot=1), name="vendor_once")]

    def __str__(self) -> str:
        return self.name
