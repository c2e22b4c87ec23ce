"""A file of people that somebody handed in, and what became of each of its rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, ApiKey, User
from seatportal.kit.ids import PublicIdField


class PeopleImport(models.Model):
    """The row is the job: rows of the file are worked off one by one, each committed together with its verdict.

    content: the table, compressed, until the import is done. head: its first line. mapping: for each column of the
    head the field that it fills, or empty.
    rows, rows_done: people in the file; the next one is `rows_done`, counted from 0. Nothing is changed in state DRAFT.
    gives_seats, adds_places: whether whoever handed it in may do that.
    """

    class State(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", _("Not applied")
        OPEN = "open", _("In progress")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    public_id = PublicIdField("pim")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField(null=True)
    head = models.JSONField(default=list)
    mapping = models.JSONField(_("columns"), default=list)
    by = models.ForeignKey(
        User, verbose_name=_("by whom"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    door = models.CharField(_("door"), max_length=16)
    gives_seats = models.BooleanField(_("may give seats"), default=True)
    adds_places = models.BooleanField(_("may add departments and regions"), default=True)
    added_at = models.DateTimeField(_("handed in"))
    began_at = models.DateTimeField(_("began"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.DRAFT)
    rows = models.PositiveIntegerField(_("people"))
    rows_done = models.PositiveIntegerField(_("people done"), default=0)
    tries = models.PositiveSmallIntegerField(_("failures in a row"), default=0)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("import of people")
        verbose_name_plural = _("imports of people")
        ordering = ["-added_at", "-id"]
        indexes = [
            models.Index(fields=["account", "-added_at"], name="people_import_by_account"),
            models.Index(fields=["id"], condition=models.Q(state="open"), name="people_import_open"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rows_done__lte=models.F("rows")), name="people_import_within_its_rows"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done") | models.Q(content__isnull=True, rows_done=models.F("rows")),
                name="people_import_done_is_done",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def percent(self) -> int:
        """How much of it is done, 0 to 100."""
        return self.rows_done * 100 // self.rows


class ImportedPerson(models.Model):
    """One row of a file, done. line: in the file, counted from 1. cells: as they stood, kept only where it failed."""

    class Outcome(models.TextChoices):
        """What became of the person."""

        INVITED = "invited", _("Invited")
        CHANGED = "changed", _("Changed")
        UNCHANGED = "unchanged", _("Unchanged")
        FAILED = "failed", _("Failed")

    class Seat(models.TextChoices):
        """What became of the seat."""

        NOTHING = "", "–"
        GIVEN = "given", _("Has a seat")
        WAITING = "waiting", _("Waiting")
        RELEASED = "released", _("Released")

    people_import = models.ForeignKey(PeopleImport, on_delete=models.CASCADE, related_name="people")
    position = models.PositiveIntegerField()
    line = models.PositiveIntegerField(_("line"))
    email = models.CharField(_("e-mail address"), max_length=254)
    outcome = models.CharField(_("result"), max_length=9, choices=Outcome)
    seat = models.CharField(_("seat"), max_length=8, choices=Seat, blank=True)
    code = models.CharField(max_length=40, blank=True)
    field = models.CharField(_("column"), max_length=20, blank=True)
    text = models.CharField(_("reason"), max_length=300, blank=True)
    cells = models.JSONField(default=list)

    class Meta:
        verbose_name = _("imported person")
        verbose_name_plural = _("imported people")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["people_import", "position"], name="imported_person_once"),
        ]

    def __str__(self) -> str:
        return self.email
