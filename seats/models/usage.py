"""What people do: each event as it was reported, and its count per person, feature and day (the account's day).

The tables start with the account in every key, so that they can be spread over several databases by account.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership
from seatportal.kit.ids import PublicIdField


class UsageKey(models.Model):
    """An event that was taken in: what makes a second delivery of the same id a duplicate.

    It stands apart from the events, whose partitions cannot have an index over all months. It is forgotten together
    with the month of its event; an event of that month is refused as too old by then.
    """

    pk = models.CompositePrimaryKey("account", "event_id")
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    event_id = models.CharField(max_length=64, db_collation="C")
    day = models.DateField(_("calendar day"))

    class Meta:
        verbose_name = _("usage event id")
        verbose_name_plural = _("usage event ids")

    def __str__(self) -> str:
        return self.event_id


class UsageEvent(models.Model):
    """One action as it was reported. The table has a partition per month of `day`; see usage/months.py.

    person: as the sender named them, where no member is known by it. day: by the account's time zone when the event
    was taken in, so that a later change of the zone moves nothing. device, network: hashes bound to the account.
    latitude, longitude: whole degrees.
    """

    pk = models.CompositePrimaryKey("account", "day", "event_id")
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    day = models.DateField(_("calendar day"))
    event_id = models.CharField(max_length=64, db_collation="C")
    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False
    )
    person = models.CharField(max_length=254, blank=True, default="")
    feature = models.CharField(_("feature"), max_length=60)
    outcome = models.CharField(_("outcome"), max_length=40, blank=True, default="")
    quantity = models.PositiveIntegerField(_("quantity"))
    occurred_at = models.DateTimeField(_("when"))
    device = models.BigIntegerField(null=True)
    network = models.BigIntegerField(null=True)
    latitude = models.SmallIntegerField(null=True)
    longitude = models.SmallIntegerField(null=True)

    class Meta:
        managed = False  # Django knows no partitions; the migration writes the table itself.
        db_table = "seats_usageevent"
        verbose_name = _("usage event")
        verbose_name_plural = _("usage events")

    def __str__(self) -> str:
        return f"{self.event_id} {self.feature} {self.day}"


class DailyUsage(models.Model):
    """How often one member used one feature on one day, with which outcome."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+", db_index=False)
    feature = models.CharField(_("feature"), max_length=60)
    outcome = models.CharField(_("outcome"), max_length=40, blank=True, default="")
    day = models.DateField(_("calendar day"))
    count = models.PositiveIntegerField(_("times"))
    quantity = models.BigIntegerField(_("quantity"), default=0)

    class Meta:
        verbose_name = _("daily usage")
        verbose_name_plural = _("daily usage")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "membership", "day", "feature", "outcome"], name="usage_once_per_day"
            )
        ]
        # Reports read thirty days of all people.
        indexes = [models.Index(fields=["account", "day"], name="usage_by_day")]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.feature} {self.day}: {self.count}"


class UnknownUsage(models.Model):
    """The same for somebody whom the account does not know: use that nobody holds a seat for."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.CharField(_("person"), max_length=254)
    feature = models.CharField(_("feature"), max_length=60)
    outcome = models.CharField(_("outcome"), max_length=40, blank=True, default="")
    day = models.DateField(_("calendar day"))
    count = models.PositiveIntegerField(_("times"))
    quantity = models.BigIntegerField(_("quantity"), default=0)

    class Meta:
        verbose_name = _("use by an unknown person")
        verbose_name_plural = _("use by unknown people")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "person", "day", "feature", "outcome"], name="unknown_usage_once_per_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.feature} {self.day}: {self.count}"


class ArchivedFile(models.Model):
    """A file of the usage archive, whose events were deleted in the transaction that wrote this row.

    Only files with a row are read; one without is what a killed job left, and its events are in another. bucket: of the
    accounts in it, see usage/archive.py. size: bytes, by which a file is known to be whole.
    """

    public_id = PublicIdField("arc")
    bucket = models.PositiveSmallIntegerField()
    day = models.DateField(_("calendar day"))
    events = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("archived file of usage events")
        verbose_name_plural = _("archived files of usage events")
        indexes = [models.Index(fields=["bucket", "day"], name="archived_by_bucket_and_day")]

    def __str__(self) -> str:
        return self.path

    @property
    def path(self) -> str:
        """Inside the archive, in the form that Spark and others read as two columns."""
        return f"bucket={self.bucket:02}/day={self.day}/{self.public_id}.parquet"


class UsageSettings(models.Model):
    """How an account wants its usage kept. Without a row the defaults hold."""

    KEEP_DAYS = 400

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="+")
    keep_days = models.PositiveIntegerField(
        _("days that events are kept"),
        default=KEEP_DAYS,
        help_text=_("Daily counts stay; single events are forgotten."),
    )
    groups_only = models.BooleanField(
        _("privacy mode"), default=False, help_text=_("Usage is shown for groups of at least five, without names.")
    )
    peers = models.BooleanField(
        _("compare with peers"), default=True, help_text=_("Counted among its peers without its name, and shown them.")
    )
    forgotten_to = models.DateField(
        _("events forgotten up to"),
        null=True,
        editable=False,
        help_text=_("The last day whose events are not complete."),
    )
    archived_from = models.DateField(
        _("events archived from"),
        null=True,
        editable=False,
        help_text=_("From this day to the last forgotten one the archive has every event."),
    )

    class Meta:
        verbose_name = _("usage settings")
        verbose_name_plural = _("usage settings")

    def __str__(self) -> str:
        return str(self.account)
