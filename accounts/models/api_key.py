"""A key for the API: shown once, kept hashed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.membership import Membership
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class ApiKey(Dated):
    """What an integrator shows. `prefix` is the readable start of the key; `scopes` are capabilities.

    oauth_client: set where the program shows tokens for which it exchanges a client's id (the `prefix`) and secret.
    replaces: the key that it was rotated from, which works until its own end.
    """

    public_id = PublicIdField("key")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("starts with"), max_length=20, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=32), verbose_name=_("scopes"))
    oauth_client = models.OneToOneField(
        "allauth_idp_oidc.Client", on_delete=models.PROTECT, null=True, blank=True, related_name="key", editable=False
    )
    replaces = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replacement", editable=False
    )
    created_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at"]

    @property
    def is_live(self) -> bool:
        """Whether real money can move behind it; Stripe's test mode or the simulator otherwise."""
        return "_live_" in self.prefix

    @property
    def is_oauth_client(self) -> bool:
        """Whether programs show its tokens instead of its text."""
        return self.oauth_client_id is not None

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
