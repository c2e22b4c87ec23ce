"""What each account was at the end of each month, or is in the running one: what the account team's metrics read."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class MarkedMonth(models.Model):
    """One month of marks, by its first day (UTC). counted_at: the moment that all of them show.

    The running month is counted anew every hour; one that is over keeps its last count.
    """

    first = models.DateField(_("month"), primary_key=True)
    counted_at = models.DateTimeField(_("counted"))

    class Meta:
        verbose_name = _("month of the metrics")
        verbose_name_plural = _("months of the metrics")
        ordering = ["-first"]

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


class AccountMark(models.Model):
    """One account that had seats then. Derived; growth/mark_accounts.py says from what.

    month: the MarkedMonth's first day. start: purchased seats a year before. first_at: the first purchase; next_at:
    when seats were added again, if they were. region: where most of its people are. health: empty where it is not
    judged or was not recorded.
    """

    pk = models.CompositePrimaryKey("month", "account")
    month = models.DateField(_("month"))
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    purchased = models.PositiveIntegerField(_("purchased"))
    assigned = models.PositiveIntegerField(_("assigned"))
    active = models.PositiveIntegerField(_("active"))
    start = models.PositiveIntegerField(_("purchased a year before"))
    first_at = models.DateTimeField(_("first seats"), null=True)
    next_at = models.DateTimeField(_("seats added again"), null=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    health = models.PositiveSmallIntegerField(_("health"), null=True)

    class Meta:
        verbose_name = _("account in a month")
        verbose_name_plural = _("accounts in a month")

    def __str__(self) -> str:
        return f"{self.account_id} {self.month:%Y-%m}: {self.active}/{self.purchased}"
