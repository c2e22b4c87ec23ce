"""A person in an account, with a role."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.department import Department, Region
from accounts.models.user import User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Role(models.TextChoices):
    """What a person may do; `accounts.access.roles` says what each role can."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    BILLING = "billing", _("Billing")
    TEAM_MANAGER = "team_manager", _("Team manager")
    MEMBER = "member", _("Member")
    VIEWER = "viewer", _("Viewer")


class Membership(Dated):
    """One person in one account. A person who left keeps the row, so that history has names."""

    class Employment(models.TextChoices):
        """How somebody belongs to the organisation."""

        EMPLOYEE = "employee", _("Employee")
        CONTRACTOR = "contractor", _("Contractor")

    class Level(models.TextChoices):
        """Where somebody stands in the organisation; nothing to do with what they may do here."""

        NONE = "", _("Not said")
        EXECUTIVE = "executive", _("Executive")
        MANAGER = "manager", _("Manager")
        INDIVIDUAL = "individual", _("Individual contributor")

    public_id = PublicIdField("mem")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    external_id = models.CharField(
        _("id elsewhere"),
        max_length=128,
        blank=True,
        default="",
        help_text=_("As your own systems and usage events name them."),
    )
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.MEMBER)
    title = models.CharField(_("title"), max_length=80, blank=True)
    department = models.ForeignKey(
        Department, on_delete=models.SET_NULL, null=True, blank=True, related_name="memberships"
    )
    region = models.ForeignKey(Region, on_delete=models.SET_NULL, null=True, blank=True, related_name="memberships")
    employment = models.CharField(_("employment"), max_length=12, choices=Employment, default=Employment.EMPLOYEE)
    level = models.CharField(
        _("level"), max_length=10, choices=Level, blank=True, default=Level.NONE, db_default=Level.NONE
    )
    manager = models.ForeignKey(
        "self", verbose_name=_("manager"), on_delete=models.SET_NULL, null=True, blank=True, related_name="reports"
    )
    manager_email = models.EmailField(
        _("manager's address"),
        blank=True,
        default="",
        db_default="",
        help_text=_("Of a manager who has not joined yet; they are linked when they do."),
    )
    ends_on = models.DateField(_("contract ends"), null=True, blank=True)
    former_addresses = ArrayField(
        models.EmailField(),
        verbose_name=_("former addresses"),
        default=list,
        db_default=[],
        blank=True,
        help_text=_("Of the account's domains, taken off the sign-in since: single sign-on goes on holding for them."),
    )
    joined_at = models.DateTimeField(_("joined"))
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    last_active_at = models.DateTimeField(
        _("last active"), null=True, blank=True, help_text=_("The newest counted action; kept here so lists stay fast.")
    )

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "user"], condition=Q(left_at__isnull=True), name="member_once_per_account"
            ),
            models.UniqueConstraint(
                fields=["account", "external_id"],
                condition=Q(left_at__isnull=True) & ~Q(external_id=""),
                name="member_external_id_once",
            ),
        ]
        indexes = [
            # The nightly and hourly looks at all accounts count active people from this index alone.
            models.Index(fields=["account", "id"], include=["last_active_at"], name="member_with_activity"),
            # The members table sorts by these within one account.
            models.Index(fields=["account", "last_active_at"], name="member_by_activity"),
            models.Index(fields=["account", "joined_at"], name="member_by_joined"),
            # Usage events name people by it, also those who left.
            models.Index(fields=["account", "external_id"], condition=~Q(external_id=""), name="member_by_external_id"),
            models.Index(
                fields=["account", "manager_email"], condition=~Q(manager_email=""), name="member_awaits_manager"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.account}"
