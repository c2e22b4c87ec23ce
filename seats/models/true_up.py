"""The quarterly true-up of one account: told before, reviewed, decided, settled, and proved."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership, User
from billing.models import QuantityChange, Quote
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class TrueUp(Dated):
    """One quarter of one account. What was agreed is copied when the row is made, so later terms do not change it.

    due_at: the first moment after the quarter in the account's zone; then everything is counted.
    answer_by: until then people decide; afterwards the default does: seats over the limit are charged, idle ones leave.
    peak: the most seats taken above the purchased ones; target: how many are to be purchased at least.
    renew_quantity: how many seats the next period begins with, where idle ones leave.
    evidence, seal: see true_up/evidence.py; written once, when it is settled.
    """

    class State(models.TextChoices):
        """Where it stands."""

        NOTICE = "notice", _("Announced")
        REVIEW = "review", _("Under review")
        CONFIRMED = "confirmed", _("Being settled")
        SETTLED = "settled", _("Settled")
        FAILED = "failed", _("Payment failed")
        WITHDRAWN = "withdrawn", _("No longer agreed")

    OPEN = (State.NOTICE, State.REVIEW, State.CONFIRMED, State.FAILED)

    class Decision(models.TextChoices):
        """How it was decided."""

        ADMIN = "admin", _("By an admin")
        DEFAULT = "default", _("By default, as nobody answered")
        NOTHING = "nothing", _("There was nothing to decide")

    public_id = PublicIdField("tru")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    first_day = models.DateField(_("quarter from"))
    last_day = models.DateField(_("quarter to"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    idle_days = models.PositiveSmallIntegerField(_("idle after days"))
    removes_idle = models.BooleanField(_("idle seats leave"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.NOTICE)
    due_at = models.DateTimeField(_("counted on"))
    answer_by = models.DateTimeField(_("answer until"))
    notice_sent = models.PositiveSmallIntegerField(null=True, blank=True)
    counted_at = models.DateTimeField(_("counted"), null=True, blank=True)
    purchased = models.PositiveIntegerField(_("purchased"), default=0)
    peak = models.PositiveIntegerField(_("highest use over the limit"), default=0)
    target = models.PositiveIntegerField(_("to be purchased"), default=0)
    decision = models.CharField(_("decided"), max_length=8, choices=Decision, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    attempts = models.PositiveSmallIntegerField(_("attempts to charge"), default=0)
    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    change = models.ForeignKey(QuantityChange, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    next_try_at = models.DateTimeField(null=True, blank=True)
    renew_quantity = models.PositiveIntegerField(_("seats from the next period on"), null=True, blank=True)
    decrease_id = models.CharField(max_length=40, blank=True)
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    evidence = models.JSONField(null=True, blank=True, editable=False)
    seal = models.CharField(_("seal"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("true-up")
        verbose_name_plural = _("true-ups")
        ordering = ["-first_day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "first_day"], name="true_up_once_per_quarter"),
            models.CheckConstraint(condition=~Q(state="settled") | ~Q(seal=""), name="true_up_settled_is_sealed"),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="true_up_due")]

    def __str__(self) -> str:
        return f"{self.account} {self.first_day}"


class TrueUpPerson(models.Model):
    """One holder counted idle on the quarter's last day, and what becomes of the seat."""

    class Choice(models.TextChoices):
        """What an admin wants."""

        RELEASE = "release", _("Release the seat")
        KEEP = "keep", _("Keep the seat")

    class Outcome(models.TextChoices):
        """What happened."""

        RELEASED = "released", _("Seat released")
        KEPT = "kept", _("Seat kept")
        ACTIVE = "active", _("Active again, seat kept")
        GONE = "gone", _("Held the seat no longer")

    true_up = models.ForeignKey(TrueUp, on_delete=models.CASCADE, related_name="people")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    seated_at = models.DateTimeField(_("seat since"))
    last_active_on = models.DateField(_("last active"), null=True, blank=True)
    choice = models.CharField(_("choice"), max_length=8, choices=Choice, default=Choice.RELEASE)
    chosen_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    chosen_at = models.DateTimeField(_("chosen"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, blank=True)

    class Meta:
        verbose_name = _("person counted idle")
        verbose_name_plural = _("people counted idle")
        ordering = ["true_up", "id"]
        constraints = [models.UniqueConstraint(fields=["true_up", "membership"], name="true_up_person_once")]

    def __str__(self) -> str:
        return str(self.membership)
