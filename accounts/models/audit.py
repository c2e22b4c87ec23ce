"""Who did what, when, to what. Only ever added to: the database refuses changes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.api_key import ApiKey
from accounts.models.scim import ScimConnection
from accounts.models.user import User
from seatportal.kit.ids import PublicIdField


class AuditEntry(models.Model):
    """One act. `data` holds plain values of before and after; never secrets, never whole payloads."""

    public_id = PublicIdField("aud")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("when"), auto_now_add=True)
    user = models.ForeignKey(
        User, verbose_name=_("who"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_constraint=False
    )
    directory = models.ForeignKey(
        ScimConnection, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_constraint=False
    )
    impersonator = models.ForeignKey(
        User, verbose_name=_("staff member acting"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    door = models.CharField(_("door"), max_length=16)
    action = models.CharField(_("action"), max_length=48)
    target = models.CharField(_("what"), max_length=40, blank=True)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    data = models.JSONField(_("details"), default=dict, blank=True)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["account", "-at", "-id"], name="audit_by_account")]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"
