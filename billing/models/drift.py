"""Where our books and Stripe's do not agree, as a reconciliation found it (payments.md §7)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from billing.models.subscription import Subscription
from seatportal.kit.ids import PublicIdField


class Kind(models.TextChoices):
    """The rows of the table in payments.md §7, and the seats' own books."""

    QUANTITY = "quantity", _("Quantity")
    STANDING = "standing", _("Status, end, pause or schedule")
    SHAPE = "shape", _("Price, currency, line or billing mode")
    OLD_CHANGE = "old_change", _("A purchase is open for too long")
    FOREIGN_PENDING = "foreign_pending", _("An update that is not ours waits for its payment")
    MONEY_WITHOUT_GRANT = "money_without_grant", _("Paid, but no seats were given")
    GRANT_WITHOUT_MONEY = "grant_without_money", _("Seats were given, but not paid")
    LEDGER = "ledger", _("The ledger's sum")
    POOL = "pool", _("The pool's purchased number")
    COUNTER = "counter", _("The counter of seats taken")
    UNKNOWN = "unknown", _("Unknown subscription at Stripe")
    MISSING = "missing", _("Our subscription is not at Stripe")
    LIVEMODE = "livemode", _("Live and test mode mixed")


class Severity(models.TextChoices):
    """Info repairs itself; a warning wants one click; grave ones page somebody."""

    INFO = "info", _("Info")
    WARNING = "warning", _("Warning")
    GRAVE = "grave", _("Grave")


class Cause(models.TextChoices):
    """Who moved it."""

    OURS = "ours", _("Our own request")
    DASHBOARD = "dashboard", _("Stripe's dashboard")
    PORTAL = "portal", _("Customer portal")
    STRIPE = "stripe", _("Stripe itself")
    OTHER_APP = "other_app", _("Another program")
    UNKNOWN = "unknown", _("Not known")


class Drift(models.Model):
    """One difference, found once however often it is seen.

    subject: what it is about: Stripe's id of a subscription or invoice, or the public id of a change.
    ours, theirs: both sides in words or numbers. cause: who moved it, told by the request of Stripe's event.
    webhook_lost: the event that tells of it is not in our inbox, or was given up on there.
    """

    class State(models.TextChoices):
        """Where it stands."""

        FOUND = "found", _("Found")
        REPAIRED = "repaired", _("Repaired")
        ACCEPTED = "accepted", _("Accepted")
        IGNORED = "ignored", _("Ignored")

    public_id = PublicIdField("drf")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, null=True, blank=True, related_name="drifts"
    )
    subject = models.CharField(_("about"), max_length=80)
    kind = models.CharField(_("what"), max_length=24, choices=Kind)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    ours = models.CharField(_("ours"), max_length=300, blank=True)
    theirs = models.CharField(_("theirs"), max_length=300, blank=True)
    cause = models.CharField(_("cause"), max_length=12, choices=Cause, default=Cause.UNKNOWN)
    webhook_lost = models.BooleanField(_("webhook lost"), default=False)
    event_id = models.CharField(_("event"), max_length=80, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.FOUND)
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    handled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("drift")
        verbose_name_plural = _("drift")
        ordering = ["-last_seen", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(state__in=["found", "ignored"]), name="drift_found_once"
            )
        ]
        indexes = [models.Index(fields=["subject"], name="drift_by_subject")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"


class Reconciliation(models.Model):
    """One run over all subscriptions. The row is the job: a worker that dies leaves its place here.

    stage and after: how far it came; `after` is the last id of the page that is done.
    """

    class Stage(models.TextChoices):
        """What is gone through."""

        SUBSCRIPTIONS = "subscriptions", _("Subscriptions at Stripe")
        MISSING = "missing", _("Ours that Stripe did not list")
        MONEY = "money", _("Paid invoices and applied purchases")
        DONE = "done", _("Done")

    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.SUBSCRIPTIONS)
    after = models.CharField(max_length=64, blank=True)
    checked = models.PositiveIntegerField(_("checked"), default=0)
    found = models.PositiveIntegerField(_("found"), default=0)
    repaired = models.PositiveIntegerField(_("repaired"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    errors = models.JSONField(_("errors"), default=list, blank=True)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["finished_at"],
                name="reconciliation_one_at_a_time",
                condition=Q(finished_at__isnull=True),
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"
