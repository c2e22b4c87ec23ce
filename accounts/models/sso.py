"""Domains that an account has proved, identity providers that speak for their people, and who waits to be let in."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.membership import Membership
from accounts.models.user import User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class MailDomain(Dated):
    """A domain of e-mail addresses. It counts from `verified_at` on, for one account only.

    token: what its owner publishes in DNS. lost_since: since then DNS says that the proof is gone.
    """

    class Finding(models.TextChoices):
        """What the last look at DNS found."""

        NOT_LOOKED = "", _("Not checked yet")
        FOUND = "found", _("The record is there")
        MISSING = "missing", _("There is no record of this name")
        WRONG = "wrong", _("The record has another value")
        SILENT = "silent", _("DNS did not answer")
        TAKEN = "taken", _("Another account has proved this domain")

    public_id = PublicIdField("dom")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("domain"), max_length=253)
    token = models.CharField(max_length=64)
    added_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True)
    finding = models.CharField(_("found"), max_length=8, choices=Finding, blank=True, default=Finding.NOT_LOOKED)
    lost_since = models.DateTimeField(_("proof gone since"), null=True, blank=True)

    class Meta:
        verbose_name = _("e-mail domain")
        verbose_name_plural = _("e-mail domains")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="domain_once_per_account"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(verified_at__isnull=False), name="domain_verified_once"
            ),
            models.CheckConstraint(condition=Q(name=Lower("name")), name="domain_in_lower_case"),
        ]

    def __str__(self) -> str:
        return self.name


class SsoPolicy(models.Model):
    """How an account's people sign in and join by single sign-on. Without a row: not enforced, joins are approved."""

    class Join(models.TextChoices):
        """What happens with somebody new from a verified domain."""

        NEVER = "never", _("Nobody joins by signing in")
        APPROVAL = "approval", _("An admin approves each person")
        MEMBER = "member", _("They join at once, without a seat")
        SEAT = "seat", _("They join at once and get a seat, or wait for one")

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="sso", primary_key=True)
    enforced = models.BooleanField(_("single sign-on only"), default=False)
    join = models.CharField(_("new people"), max_length=8, choices=Join, default=Join.APPROVAL)

    class Meta:
        verbose_name = _("sign-in policy")
        verbose_name_plural = _("sign-in policies")

    def __str__(self) -> str:
        return str(self.account)


class SsoConnection(Dated):
    """One identity provider of an account. Its public id names it at allauth, and in the addresses that it calls.

    issuer, client_id, secret_sealed: OIDC; the secret is encrypted with the server's key. entity_id, sso_url,
    certificates (PEM bodies, two while one is being replaced): SAML, from metadata_url where there is one.
    tested_at: when somebody last signed in by it to try it; nothing but a tested one is enabled. read_at: when the
    metadata was last looked for at its address.
    """

    class Kind(models.TextChoices):
        """The protocol."""

        OIDC = "oidc", "OpenID Connect"
        SAML = "saml", "SAML 2.0"

    public_id = PublicIdField("sso")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("protocol"), max_length=4, choices=Kind)
    name = models.CharField(_("name"), max_length=80)
    issuer = models.CharField(_("issuer"), max_length=500, blank=True)
    client_id = models.CharField(_("client id"), max_length=190, blank=True)
    secret_sealed = models.TextField(blank=True)
    metadata_url = models.CharField(_("address of the metadata"), max_length=500, blank=True)
    entity_id = models.CharField(_("entity id"), max_length=500, blank=True)
    sso_url = models.CharField(_("sign-in address"), max_length=500, blank=True)
    certificates = ArrayField(models.TextField(), verbose_name=_("certificates"), default=list, blank=True)
    read_at = models.DateTimeField(_("metadata last read"), null=True, blank=True)
    tested_at = models.DateTimeField(_("tested"), null=True, blank=True)
    enabled_at = models.DateTimeField(_("on since"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("single sign-on connection")
        verbose_name_plural = _("single sign-on connections")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(enabled_at__isnull=True) | Q(tested_at__isnull=False), name="sso_enabled_was_tested"
            )
        ]

    def __str__(self) -> str:
        return self.name


class JoinRequest(Dated):
    """Somebody whom an identity provider named and who is no member yet. There is no sign-in before they are let in.

    Also a member whom the provider names by another id than before. uid: the id at the provider.
    """

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Waits")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    public_id = PublicIdField("joi")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(SsoConnection, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    uid = models.CharField(_("id at the provider"), max_length=190, blank=True, default="", db_default="")
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    asked_at = models.DateTimeField(_("asked"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("request to join")
        verbose_name_plural = _("requests to join")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "email"], condition=~Q(state="approved"), name="join_asked_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="join_decided_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.email
