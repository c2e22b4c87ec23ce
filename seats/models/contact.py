"""Who matters at a customer, and who at the vendor looks after it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership, User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Contact(Dated):
    """One person on the stakeholder map. membership: when they have a sign-in; else a name and an address."""

    class Role(models.TextChoices):
        """What part they play in a decision."""

        CHAMPION = "champion", _("Champion")
        SPONSOR = "sponsor", _("Executive sponsor")
        APPROVER = "approver", _("Approver")
        FINANCE = "finance", _("Finance")
        IT = "it", _("IT and security")
        REGIONAL = "regional", _("Regional coordinator")

    class Influence(models.TextChoices):
        """How much weight their word has."""

        HIGH = "high", _("High")
        MEDIUM = "medium", _("Medium")
        LOW = "low", _("Low")

    public_id = PublicIdField("ctc")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail address"), blank=True)
    role = models.CharField(_("part"), max_length=10, choices=Role)
    influence = models.CharField(_("influence"), max_length=6, choices=Influence, default=Influence.MEDIUM)
    last_contact_on = models.DateField(_("last contact"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    ended_at = models.DateTimeField(_("taken off"), null=True, blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["account", "role", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "membership", "role"],
                condition=Q(ended_at__isnull=True, membership__isnull=False),
                name="contact_once_per_part",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_role_display()})"


class AccountManager(models.Model):
    """Somebody of the vendor's staff who looks after an account: gets its alerts, and its tasks when `leads`."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    leads = models.BooleanField(_("leads"), default=True)

    class Meta:
        verbose_name = _("account manager")
        verbose_name_plural = _("account team")
        constraints = [
            models.UniqueConstraint(fields=["account", "user"], name="manager_once_per_account"),
            models.UniqueConstraint(fields=["account"], condition=Q(leads=True), name="manager_one_leads"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.account}"
