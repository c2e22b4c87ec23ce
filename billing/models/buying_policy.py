"""What an account lets its buyers buy by themselves, and who approves the rest. The customer's own rules."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership
from seatportal.kit.models import Dated


class BuyingPolicy(Dated):
    """The allowance of one account; without a row, and where both limits are empty, nothing needs an approval.

    seats, amount: what may be bought in a calendar month of the account without one. Where both are set, both hold.
    amount: minor units of `currency`, with tax, before a credit balance.
    """

    class Joiners(models.TextChoices):
        """What happens when a directory adds somebody and every seat is taken."""

        WAIT = "wait", _("They wait, and a request for each stands under Requests")
        REQUEST = "request", _("They wait, and a purchase of the missing seats is sent for approval")
        BUY = "buy", _("The missing seats are bought within the allowance; above it they are sent for approval")

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="+")
    seats = models.PositiveIntegerField(_("seats a month without approval"), null=True, blank=True)
    amount = models.BigIntegerField(_("amount a month without approval"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    joiners = models.CharField(_("joiners without a seat"), max_length=8, choices=Joiners, default=Joiners.WAIT)

    class Meta:
        verbose_name = _("buying policy")
        verbose_name_plural = _("buying policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | (Q(amount__gte=0) & ~Q(currency="")),
                name="allowance_amount_has_a_currency",
            ),
        ]

    def __str__(self) -> str:
        return str(self.account)


class ApprovalStep(Dated):
    """One step of an account's chain, in order. Without any, one admin or owner approves.

    people: who approves; when none of them is there any more, and where nobody is named, everybody with `role`.
    A team manager approves for their own department. from_amount: minor units of the account's currency; the step is
    needed for purchases that cost at least as much now.
    """

    class Role(models.TextChoices):
        """Whose word it takes."""

        TEAM_MANAGER = "team_manager", _("Team manager of the department")
        BILLING = "billing", _("Billing")
        ADMIN = "admin", _("Admin or owner")
        OWNER = "owner", _("Owner")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(_("position"))
    role = models.CharField(_("role"), max_length=12, choices=Role)
    people = models.ManyToManyField(Membership, verbose_name=_("people"), blank=True, related_name="+")
    from_amount = models.BigIntegerField(_("from"), default=0)

    class Meta:
        verbose_name = _("approval step")
        verbose_name_plural = _("approval steps")
        ordering = ["account", "position"]
        constraints = [
            models.UniqueConstraint(fields=["account", "position"], name="approval_step_once"),
            models.CheckConstraint(condition=Q(from_amount__gte=0), name="approval_step_from_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.get_role_display()}"
