"""A sign-in that several people seem to use."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership, User
from seatportal.kit.ids import PublicIdField


class SharingCase(models.Model):
    """One episode of one person, from the first evidence until it is closed.

    Only the person sees it at first. shown_at: since when the account's admins and the vendor's staff see it; empty
    before. evidence: `rules.Sharing` as JSON, with devices by letters; no hash and no place. closed_by: empty when the
    person's own answer closed it.
    """

    class Answer(models.TextChoices):
        """What the person said."""

        NONE = "", _("No answer")
        MINE = "mine", _("It was me")
        SHARED = "shared", _("I share this sign-in")

    public_id = PublicIdField("shr")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+")
    found_at = models.DateTimeField(_("found"))
    score = models.PositiveSmallIntegerField(_("score"))
    devices = models.PositiveSmallIntegerField(_("devices"))
    at_once = models.PositiveSmallIntegerField(_("places at once"))
    extra_people = models.PositiveSmallIntegerField(_("more people, by estimate"))
    evidence = models.JSONField(_("evidence"), encoder=DjangoJSONEncoder)
    answer = models.CharField(_("answer"), max_length=6, choices=Answer, blank=True, default=Answer.NONE)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    shown_at = models.DateTimeField(_("shown to admins"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("shared sign-in")
        verbose_name_plural = _("shared sign-ins")
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "membership"], condition=Q(closed_at__isnull=True), name="sharing_open_once"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False, shown_at__isnull=False)),
                name="sharing_answer_is_shown",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(shown_at__isnull=False), name="sharing_closed_was_shown"
            ),
        ]

    def __str__(self) -> str:
        return str(self.membership)
