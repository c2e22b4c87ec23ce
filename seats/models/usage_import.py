"""A file of usage events that somebody handed in."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from seatportal.kit.ids import PublicIdField


class UsageImport(models.Model):
    """The row is the job: it is worked off in chunks, and each chunk is committed together with its progress.

    content: the file, compressed, until the import is done. lines, lines_done: lines of the file, the head of a CSV
    included; the next one to read is `lines_done`, counted from 0. rejections: the first ones, each with `line`
    (counted from 1), `code`, `field` and `text`.
    """

    class Format(models.TextChoices):
        """How the events are written down."""

        CSV = "csv", "CSV"
        LINES = "ndjson", "NDJSON"

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("In progress")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    public_id = PublicIdField("imp")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(_("file"), max_length=200)
    format = models.CharField(_("format"), max_length=6, choices=Format)
    size = models.PositiveIntegerField(_("bytes"))
    content = models.BinaryField(null=True)
    by = models.ForeignKey(
        User, verbose_name=_("by whom"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    began_at = models.DateTimeField(_("began"))
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.OPEN)
    lines = models.PositiveIntegerField(_("lines"))
    lines_done = models.PositiveIntegerField(_("lines read"), default=0)
    accepted = models.PositiveIntegerField(_("accepted"), default=0)
    duplicate = models.PositiveIntegerField(_("known already"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    rejections = models.JSONField(_("rejections"), default=list)
    tries = models.PositiveSmallIntegerField(_("failures in a row"), default=0)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("usage import")
        verbose_name_plural = _("usage imports")
        ordering = ["-began_at", "-id"]
        indexes = [
            models.Index(fields=["account", "-began_at"], name="usage_import_by_account"),
            models.Index(fields=["id"], condition=models.Q(state="open"), name="usage_import_open"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lines_done__lte=models.F("lines")), name="usage_import_within_its_lines"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done") | models.Q(content__isnull=True, lines_done=models.F("lines")),
                name="usage_import_done_is_read",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def percent(self) -> int:
        """How much of it is read, 0 to 100."""
        return self.lines_done * 100 // self.lines
