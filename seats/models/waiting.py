"""People who wait for a seat at a hard limit, served in order."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Invitation, Membership, User
from seatportal.kit.ids import PublicIdField


class WaitingPerson(models.Model):
    """A place in the queue, of a member or an open invitation; who accepts keeps it. `served_at` empty: waiting."""

    public_id = PublicIdField("wait")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    since = models.DateTimeField(_("since"))
    served_at = models.DateTimeField(_("served"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("waiting person")
        verbose_name_plural = _("waiting list")
        ordering = ["since", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "membership"],
                condition=Q(served_at__isnull=True, withdrawn_at__isnull=True),
                name="waiting_once",
            ),
            models.UniqueConstraint(
                fields=["account", "invitation"],
                condition=Q(served_at__isnull=True, withdrawn_at__isnull=True),
                name="waiting_once_invited",
            ),
            models.CheckConstraint(
                condition=Q(membership__isnull=False) | Q(invitation__isnull=False), name="waiting_is_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Of the member, or the invited name or address."""
        if self.membership is not None:
            return self.membership.user.get_full_name()
        return (self.invitation.name or self.invitation.email) if self.invitation else ""
