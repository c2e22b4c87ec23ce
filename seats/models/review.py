"""A business review that staff prepared for an account."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from seatportal.kit.ids import PublicIdField


class BusinessReview(models.Model):
    """The numbers of the day on which it was prepared; they stay as they were when it was shown.

    data: see `growth/reviews.py`. next_on: when the next one is due.
    """

    public_id = PublicIdField("ebr")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    prepared_at = models.DateTimeField(_("prepared"))
    prepared_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("prepared by")
    )
    data = models.JSONField(encoder=DjangoJSONEncoder)
    next_on = models.DateField(_("next review"))

    class Meta:
        verbose_name = _("business review")
        verbose_name_plural = _("business reviews")
        ordering = ["-prepared_at", "-id"]
        indexes = [models.Index(fields=["account", "-prepared_at"], name="review_by_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.prepared_at:%Y-%m-%d}"
