"""Who holds a seat, or for whom one is reserved. A closed row is the history of a tenure."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Invitation, Membership, User
from seatportal.kit.ids import PublicIdField
from seats.models.region_pool import RegionPool


class Assignment(models.Model):
    """One tenure of one seat. Rows are written only by `seats.holders`.

    The open row is the seat and goes on when its holder changes; the former tenure becomes a closed row (`previous`).
    region_pool: which pool an open seat draws from, by where its holder belongs; none: what no pool has claimed. A
    trigger writes it, never the application.
    A trigger counts open rows into SeatPool.assigned, so a path that forgets the rules fails on the pool's check.
    """

    class State(models.TextChoices):
        """Held by a member, or reserved by an invitation."""

        HELD = "held", _("Held")
        RESERVED = "reserved", _("Reserved")

    class EndReason(models.TextChoices):
        """Why a tenure ended."""

        RELEASED = "released", _("Released")
        REASSIGNED = "reassigned", _("Reassigned")
        LEFT = "left", _("Left the account")
        ACCEPTED = "accepted", _("Invitation accepted")
        REVOKED = "revoked", _("Invitation withdrawn")
        EXPIRED = "expired", _("Invitation expired")
        PAUSED = "paused", _("Paused")
        OVER_LIMIT = "over_limit", _("Over the limit")
        ENDED = "ended", _("Subscription ended")

    public_id = PublicIdField("seat")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=8, choices=State)
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    region_pool = models.ForeignKey(
        RegionPool,
        verbose_name=_("regional pool"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        editable=False,
    )
    door = models.CharField(_("door"), max_length=16)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    started_at = models.DateTimeField(_("from"))
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(_("to"), null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    end_reason = models.CharField(_("ended because"), max_length=12, choices=EndReason, blank=True)

    class Meta:
        verbose_name = _("seat assignment")
        verbose_name_plural = _("seat assignments")
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "membership"],
                condition=Q(ended_at__isnull=True, membership__isnull=False),
                name="seat_once_per_member",
            ),
            models.UniqueConstraint(
                fields=["account", "invitation"],
                condition=Q(ended_at__isnull=True, state="reserved"),
                name="seat_once_per_invitation",
            ),
            models.CheckConstraint(
                condition=Q(state="held", membership__isnull=False)
                | Q(state="reserved", membership__isnull=True, invitation__isnull=False),
                name="seat_has_one_holder",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "started_at"], condition=Q(ended_at__isnull=True), name="seat_open_by_account"
            ),
            models.Index(fields=["region_pool"], condition=Q(region_pool__isnull=False), name="seat_by_region_pool"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
