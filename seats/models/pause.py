"""People whose access rests for a time: the seat is somebody else's meanwhile, the person stays."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership, User
from seatportal.kit.ids import PublicIdField


class Pause(models.Model):
    """One pause of one person. `ended_at` empty: paused now.

    resumes_on: the day on which the person comes back, in the account's zone; empty: when somebody says so.
    """

    public_id = PublicIdField("pau")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    resumes_on = models.DateField(_("comes back on"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    paused_at = models.DateTimeField(_("paused"))
    paused_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["-paused_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "membership"], condition=Q(ended_at__isnull=True), name="paused_once"
            )
        ]
        indexes = [
            models.Index(fields=["resumes_on"], condition=Q(ended_at__isnull=True), name="pause_due"),
        ]

    def __str__(self) -> str:
        return str(self.membership)
