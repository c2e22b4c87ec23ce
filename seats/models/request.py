"""A seat that somebody asked for."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership, User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class SeatRequest(Dated):
    """Asked, by whom, why, decided by whom."""

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Waiting for an answer")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    public_id = PublicIdField("req")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, verbose_name=_("for whom"), on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)

    class Meta:
        verbose_name = _("seat request")
        verbose_name_plural = _("seat requests")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "membership"], condition=Q(state="open"), name="request_open_once_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.get_state_display()}"
