"""What an account's usage says, worked out beforehand so that its page costs the same at any size."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class UsageReport(models.Model):
    """The newest report of an account. data: see seats.insight.use_report. Derived; it can be made again any time."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="usagereport")
    made_at = models.DateTimeField(_("made"))
    data = models.JSONField()

    class Meta:
        verbose_name = _("usage report")
        verbose_name_plural = _("usage reports")

    def __str__(self) -> str:
        return f"{self.account_id} {self.made_at}"
