"""One mail that asks a person about their seat, and what came of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership, User
from seatportal.kit.ids import PublicIdField
from seats.models.assignment import Assignment


class Nudge(models.Model):
    """Asked of one person on one day. Whether they came back is read from their use, so it is kept nowhere.

    assignment: the seat that they held then; an idle nudge gives this one back and no other. silent_since: since when
    they had done nothing, at that moment. words: what the sender added, for mentors.
    """

    class Kind(models.TextChoices):
        """What was asked."""

        IDLE = "idle", _("Whether they still need the seat")
        MENTOR = "mentor", _("Whether they would help others")

    public_id = PublicIdField("ndg")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+")
    assignment = models.ForeignKey(Assignment, verbose_name=_("seat"), on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=6, choices=Kind)
    at = models.DateTimeField(_("asked"))
    by = models.ForeignKey(
        User, verbose_name=_("by"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    silent_since = models.DateTimeField(_("silent since"), null=True, blank=True)
    words = models.CharField(_("words"), max_length=300, blank=True)
    given_back_at = models.DateTimeField(_("given back"), null=True, blank=True)

    class Meta:
        verbose_name = _("nudge")
        verbose_name_plural = _("nudges")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(given_back_at__isnull=True) | Q(kind="idle"), name="nudge_of_idle_gives_back"
            )
        ]
        indexes = [
            models.Index(fields=["account", "-at"], name="nudge_by_account"),
            models.Index(fields=["membership", "kind", "-at"], name="nudge_by_person"),
        ]

    def __str__(self) -> str:
        return str(self.membership)


class NudgeRefusal(models.Model):
    """Somebody who wants no mail about how they use their seat. The row is the refusal."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    membership = models.OneToOneField(Membership, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("refusal of nudges")
        verbose_name_plural = _("refusals of nudges")

    def __str__(self) -> str:
        return str(self.membership)
