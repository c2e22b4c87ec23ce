"""A customer organisation."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Account(Dated):
    """A customer organisation and its settings. `slug` stands in its pages' addresses."""

    public_id = PublicIdField("acc")
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    locale = models.CharField(_("billing language"), max_length=8, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    industry = models.CharField(_("industry"), max_length=60, blank=True)
    use_case = models.CharField(_("use case"), max_length=60, blank=True)
    owner_name = models.CharField(
        _("account manager"), max_length=120, blank=True, help_text=_("Who at the vendor looks after it.")
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
