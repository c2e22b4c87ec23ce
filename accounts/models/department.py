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
    """Where people of an account work, such as EU."""

    public_id = PublicIdField("reg")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="regions")
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="region_name_once")]

    def __str__(self) -> str:
        return self.name
