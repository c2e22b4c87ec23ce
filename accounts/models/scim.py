"""A directory that is connected, and the tokens it shows."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.membership import Membership
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class ScimConnection(Dated):
    """One directory, such as Okta or Entra, that keeps an account's people in step by SCIM."""

    public_id = PublicIdField("scim")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="scim_connections")
    name = models.CharField(_("name"), max_length=80)
    created_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    rotated_at = models.DateTimeField(_("token changed"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("directory connection")
        verbose_name_plural = _("directory connections")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name


class ScimToken(Dated):
    """A secret of a connection: shown once, kept hashed. `ends_at` is set when a newer one takes its place."""

    connection = models.ForeignKey(ScimConnection, on_delete=models.CASCADE, related_name="tokens")
    prefix = models.CharField(_("starts with"), max_length=24, unique=True)
    secret_hash = models.CharField(max_length=64)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)

    class Meta:
        verbose_name = _("directory token")
        verbose_name_plural = _("directory tokens")
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(ends_at__isnull=True), name="scim_token_current_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"
