"""How many seats a department held, from a day on."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Department


class DepartmentMark(models.Model):
    """From this day (UTC) on so many members of the department held a seat, until its next mark.

    Written once a day where the number moved. Who belonged where is kept nowhere else: people move between departments,
    and a membership names only today's.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(_("calendar day"))
    holders = models.PositiveIntegerField(_("holders"))

    class Meta:
        verbose_name = _("department mark")
        verbose_name_plural = _("department marks")
        ordering = ["-day", "-id"]
        constraints = [models.UniqueConstraint(fields=["department", "day"], name="department_mark_once_per_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.holders}"
