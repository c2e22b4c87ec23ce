"""What one day used at most: the meter of the quarterly true-up."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class DailyMark(models.Model):
    """One day of one account, by its own calendar. Derived from the ledger alone, so it can be made again at any time.

    purchased, free: at the end of the day. assigned_peak: the most seats taken at once.
    over_peak: the most seats taken while they were more than the purchased ones; 0 when they never were. Seats that
    were free of charge at that moment are not counted in it.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(_("calendar day"))
    purchased = models.PositiveIntegerField(_("purchased"))
    assigned_peak = models.PositiveIntegerField(_("most taken"))
    over_peak = models.PositiveIntegerField(_("most taken while over"))
    free = models.PositiveIntegerField(_("free"))

    class Meta:
        verbose_name = _("daily mark")
        verbose_name_plural = _("daily marks")
        ordering = ["-day", "-id"]
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="mark_once_per_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.assigned_peak}/{self.purchased}"
