"""Every change of what was bought and of who sits. Only ever added to: the database refuses changes."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership, User
from seatportal.kit.ids import PublicIdField


class LedgerEntry(models.Model):
    """One line of history: who, why, before, after, invoice.

    The sum of purchased_after − purchased_before over an account is its purchased quantity; the same holds for the
    seats free of charge, comped_after − comped_before.
    """

    class Kind(models.TextChoices):
        """What happened."""

        STARTED = "started", _("Subscription started")
        BOUGHT = "bought", _("Seats bought")
        UNDONE = "undone", _("Purchase undone")
        PLAN = "plan", _("Plan changed")
        REDUCED = "reduced", _("Seats reduced at renewal")
        EXTERNAL = "external", _("Changed in Stripe")
        ENDED = "ended", _("Subscription ended")
        ASSIGNED = "assigned", _("Seat assigned")
        RESERVED = "reserved", _("Seat reserved")
        REASSIGNED = "reassigned", _("Seat reassigned")
        RELEASED = "released", _("Seat released")
        PAUSED = "paused", _("Holder paused")
        COMPED = "comped", _("Seats free of charge")

    PURCHASES = (Kind.STARTED, Kind.BOUGHT, Kind.UNDONE, Kind.PLAN, Kind.REDUCED, Kind.EXTERNAL, Kind.ENDED)

    public_id = PublicIdField("led")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("when"))
    kind = models.CharField(_("what"), max_length=12, choices=Kind)
    purchased_before = models.PositiveIntegerField(_("purchased before"))
    purchased_after = models.PositiveIntegerField(_("purchased after"))
    assigned_before = models.PositiveIntegerField(_("taken before"))
    assigned_after = models.PositiveIntegerField(_("taken after"))
    comped_before = models.PositiveIntegerField(_("free of charge before"), default=0, db_default=0)
    comped_after = models.PositiveIntegerField(_("free of charge after"), default=0, db_default=0)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    change_id = models.CharField(_("change"), max_length=40, blank=True)
    invoice_stripe_id = models.CharField(_("invoice"), max_length=64, blank=True)
    from_member = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    to_member = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    to_email = models.EmailField(_("invited address"), blank=True)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "change_id"], condition=~Q(change_id=""), name="ledger_change_once"
            )
        ]
        indexes = [models.Index(fields=["account", "-at", "-id"], name="ledger_by_account")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.purchased_before} → {self.purchased_after}"
