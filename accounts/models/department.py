"""Departments and regions of an account."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Department(Dated):
    """A part of an account, such as Marketing."""

    public_id = PublicIdField("dep")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="departments")
    name = models.CharField(_("name"), max_length=80)
    external_id = models.CharField(_("id at the directory"), max_length=128, blank=True, default="")

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="department_name_once")]

    def __str__(self) -> str:
        return self.name


class Region(Dated):
    """Where people of an account work, such as EU.

    What is noted for procurement there is for people to read; nothing is computed from it. currency: ISO 4217 in
    lower case. residency: where the data of its people has to stay, such as eu.
    """

    public_id = PublicIdField("reg")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="regions")
    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="", db_default="")
    tax_entity = models.CharField(_("tax entity"), max_length=120, blank=True, default="", db_default="")
    residency = models.CharField(_("data residency"), max_length=40, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="region_name_once")]

    def __str__(self) -> str:
        return self.name
