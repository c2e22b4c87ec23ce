"""Who gives up a seat when a planned reduction takes effect, as an admin chose."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from seats.models.assignment import Assignment


class ReductionLeaver(models.Model):
    """One chosen seat of one planned reduction (its public id). Without a choice the seats given last go."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    decrease_id = models.CharField(max_length=40)
    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="+")
    chosen_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    chosen_at = models.DateTimeField(_("chosen"))

    class Meta:
        verbose_name = _("seat that leaves with a reduction")
        verbose_name_plural = _("seats that leave with a reduction")
        constraints = [models.UniqueConstraint(fields=["decrease_id", "assignment"], name="leaver_once_per_reduction")]

    def __str__(self) -> str:
        return f"{self.decrease_id}: {self.assignment_id}"
