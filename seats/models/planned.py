"""People whom seats are being bought for: kept with the quote, so that buying and giving is one act even if the
payment needs hours or the process dies."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Department, Membership, User


class PlannedHolder(models.Model):
    """One person named while buying: a member, or an address to invite. department: of whom is invited anew."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    quote_id = models.CharField(max_length=40)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    email = models.EmailField(blank=True)
    department = models.ForeignKey(Department, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    served_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("planned holder")
        verbose_name_plural = _("planned holders")
        constraints = [
            models.CheckConstraint(
                condition=Q(membership__isnull=False) ^ ~Q(email=""), name="planned_is_member_or_address"
            )
        ]
        indexes = [models.Index(fields=["quote_id"], name="planned_by_quote")]

    def __str__(self) -> str:
        return self.email or str(self.membership)
