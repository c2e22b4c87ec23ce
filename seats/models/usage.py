"""What people do, counted per person, feature and day (the account's day)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership


class DailyUsage(models.Model):
    """How often one person used one feature on one day."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    feature = models.CharField(_("feature"), max_length=60)
    day = models.DateField(_("calendar day"))
    count = models.PositiveIntegerField(_("times"))

    class Meta:
        verbose_name = _("daily usage")
        verbose_name_plural = _("daily usage")
        constraints = [
            models.UniqueConstraint(fields=["account", "membership", "day", "feature"], name="usage_once_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.feature} {self.day}: {self.count}"
