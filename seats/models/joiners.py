"""Seats that a directory's joiners wait for, to be bought by the account's policy. The row is the job."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.models import QuantityChange
from seats.models.request import SeatRequest


class JoinerPurchase(models.Model):
    """One stretch of joiners without a seat. At most one is not done per account.

    change, request: what is under way for them now. problem: the code of what stopped it; then people of the account
    were told, and only they start it again.
    """

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Being bought or asked for")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    since = models.DateTimeField(_("since"))
    next_try_at = models.DateTimeField(_("next try"))
    tries = models.PositiveIntegerField(_("purchases"), default=0)
    change = models.ForeignKey(QuantityChange, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    request = models.ForeignKey(SeatRequest, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    problem = models.CharField(_("stopped because"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("purchase for joiners")
        verbose_name_plural = _("purchases for joiners")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state__in=["open", "stopped"]), name="joiner_purchase_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.get_state_display()}"
