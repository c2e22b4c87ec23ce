"""The first answer to an API request, kept so that a repeat gets the same one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from seatportal.kit.models import Dated


class IdempotentAnswer(Dated):
    """One Idempotency-Key of one account. `status` empty: the first request is still at work."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.JSONField(null=True, blank=True)
    locked_until = models.DateTimeField()

    class Meta:
        verbose_name = _("idempotent answer")
        verbose_name_plural = _("idempotent answers")
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
