"""The weekly digest of an account, and who wants which regular mail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership
from seatportal.kit.ids import PublicIdField


class WeeklyDigest(models.Model):
    """One account's week, told on its Monday. The row is what makes it once. data: see seats.value.weekly."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    monday = models.DateField(_("Monday"))
    made_at = models.DateTimeField(_("made"))
    data = models.JSONField()

    class Meta:
        verbose_name = _("weekly digest")
        verbose_name_plural = _("weekly digests")
        ordering = ["-monday", "-id"]
        constraints = [models.UniqueConstraint(fields=["account", "monday"], name="digest_once_per_week")]

    def __str__(self) -> str:
        return f"{self.account} {self.monday}"


class MailChoice(models.Model):
    """Whether a member wants one kind of regular mail. Without a row, admins get it and others do not."""

    class Kind(models.TextChoices):
        """Mails that come by themselves."""

        WEEKLY = "weekly_digest", _("Weekly digest")
        REPORT = "value_report", _("Report at the end of a value plan")

    public_id = PublicIdField("mch")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("mail"), max_length=16, choices=Kind)
    wanted = models.BooleanField(_("wanted"))
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("choice of a mail")
        verbose_name_plural = _("choices of mails")
        constraints = [models.UniqueConstraint(fields=["membership", "kind"], name="mail_choice_once")]

    def __str__(self) -> str:
        return f"{self.membership}: {self.kind}"
