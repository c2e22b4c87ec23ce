"""A department's money for seats."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Department
from seatportal.kit.models import Dated


class DepartmentBudget(Dated):
    """What a department's seats may cost a month: minor units of `currency`, the subscription's when it was set.

    Where the subscription has another currency by now the two cannot be compared, and it stops nothing.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    department = models.OneToOneField(Department, on_delete=models.CASCADE, related_name="+")
    amount = models.BigIntegerField(_("a month"))
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("department budget")
        verbose_name_plural = _("department budgets")
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="budget_from_zero")]

    def __str__(self) -> str:
        return str(self.department)
