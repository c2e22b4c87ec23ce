"""An invitation: a hashed token, an address, an end, and what is to be noted about the person."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.department import Department, Region
from accounts.models.membership import Membership, Role
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Invitation(Dated):
    """Somebody asked to join. At most one is open per address and account. `sent_at` empty: the mail is still due."""

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Invited")
        ACCEPTED = "accepted", _("Accepted")
        REVOKED = "revoked", _("Withdrawn")
        EXPIRED = "expired", _("Expired")

    public_id = PublicIdField("ivt")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.MEMBER)
    department = models.ForeignKey(Department, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    title = models.CharField(_("title"), max_length=80, blank=True, default="", db_default="")
    employment = models.CharField(
        _("employment"),
        max_length=12,
        choices=Membership.Employment,
        default=Membership.Employment.EMPLOYEE,
        db_default=Membership.Employment.EMPLOYEE,
    )
    ends_on = models.DateField(_("contract ends"), null=True, blank=True)
    level = models.CharField(
        _("level"),
        max_length=10,
        choices=Membership.Level,
        blank=True,
        default=Membership.Level.NONE,
        db_default=Membership.Level.NONE,
    )
    external_id = models.CharField(_("id elsewhere"), max_length=128, blank=True, default="", db_default="")
    manager_email = models.EmailField(_("manager's address"), blank=True, default="", db_default="")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    nonce = models.CharField(max_length=32, help_text=_("With the server's secret key it makes the link's token."))
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    accepted_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField(_("ends"))
    sent_at = models.DateTimeField(_("mail sent"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "email"], condition=Q(state="open"), name="invitation_open_once_per_address"
            )
        ]

    def __str__(self) -> str:
        return self.email
