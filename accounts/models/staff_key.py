"""A key of the vendor's own tools: shown once, kept hashed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.user import User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class StaffKey(Dated):
    """What a tool of the account team shows. It may what its person may at that moment, and `permissions` names.

    prefix: the readable start of the key. permissions: Django's, such as `seats.view_signal`.
    """

    public_id = PublicIdField("sky")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="staff_keys", verbose_name=_("made by"))
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("starts with"), max_length=20, unique=True)
    secret_hash = models.CharField(max_length=64)
    permissions = ArrayField(models.CharField(max_length=64), verbose_name=pgettext_lazy("what a key may", "may"))
    expires_at = models.DateTimeField(_("ends"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("staff key")
        verbose_name_plural = _("staff keys")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
