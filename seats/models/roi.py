"""What an account assumes about its return on the seats, each time it was saved."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class RoiVersion(Dated):
    """Assumptions and the figures of that day; rows are added, never changed. The result follows from the row alone.

    hours: saved per active person and week, in hundredths. hour_cost: minor units of `currency`. share: percent of the
    saved time that is counted. active: holders with an action in the last 30 days. cost: minor units a year, None where
    nothing was paid. cost_source: invoice or list.
    """

    public_id = PublicIdField("roi")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    saved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    hours = models.PositiveIntegerField(_("hours saved per person and week, in hundredths"))
    hour_cost = models.PositiveBigIntegerField(_("cost of an hour"))
    currency = models.CharField(_("currency"), max_length=3)
    share = models.PositiveSmallIntegerField(_("share counted"))
    active = models.PositiveIntegerField(_("active people"))
    cost = models.BigIntegerField(_("cost of the seats a year"), null=True, blank=True)
    cost_source = models.CharField(max_length=8, blank=True)

    class Meta:
        verbose_name = _("return on the seats")
        verbose_name_plural = _("returns on the seats")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(share__lte=100), name="roi_share_is_percent"),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="roi_newest")]

    def __str__(self) -> str:
        return f"{self.account} {self.created_at:%Y-%m-%d}"
