"""One mail to one person about the account: the row is the job, an empty `sent_at` means that it is due."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.user import User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class Notice(Dated):
    """A message on its way or gone.

    kind: names the template emails/<kind>.txt. key: what the message is about; once per key and person.
    context: what the template reads, as JSON; names ending in `_at` are moments.
    opened_at: when its reader first followed its link, for mails that say so (notices/note_opening.py).
    """

    public_id = PublicIdField("ntc")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("to"))
    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(max_length=120)
    context = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    next_try_at = models.DateTimeField(_("next try"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["key", "user"], name="notice_once_per_person")]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(sent_at__isnull=True, given_up_at__isnull=True), name="notice_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.user}"
