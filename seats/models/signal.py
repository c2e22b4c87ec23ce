"""Something seen in an account that the account team should know. An open row is also the memory that it was seen."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from seatportal.kit.ids import PublicIdField
from seats.models.alert import Alert
from seats.models.task import ExpansionTask


class Signal(models.Model):
    """One episode: it opens when a detector first finds it and ends when the rule that ends it holds.

    Open means fired: the same thing is not told twice while its row is open. `growth/detectors` says when each kind
    opens and ends.
    subject: what within the account, such as a department's public id; empty when it is the account itself.
    evidence: the numbers that the rule saw, as JSON; `growth/words.py` writes them out.
    seats: how many more seats would answer it, if any. score: 0 to 100, for sorting.
    told_at: when an alert or a task followed, or when it was decided that none does. Empty: still to be told.
    held_back: its expansion task waits, since nobody is pushed to sell while adoption is low.
    """

    class Kind(models.TextChoices):
        """What was seen."""

        CROSSED = "crossed_80", _("80 % of the seats in use")
        FEW_LEFT = "few_left", _("Few seats left")
        FULL = "limit_reached", _("All seats taken")
        LOW_ADOPTION = "low_adoption", _("Low adoption")
        LOW_HEALTH = "low_health", _("Poor health")
        HEADCOUNT_GAP = "headcount_gap", _("People without a seat")
        NEW_LEADER = "new_leader", _("New leader")
        POWER_USERS = "power_users", _("Power users")
        NEW_DEPARTMENT = "new_department", _("New department")
        DEPARTMENT_GROWTH = "department_growth", _("Department grows")
        INTEREST = "interest", _("Interest in more seats")
        CHAMPION_LEFT = "champion_left", _("Champion left")
        RUNWAY = "runway", _("Seats run out before procurement ends")
        CHECK_IN = "check_in", _("Check-in due")
        SHARING = "sharing", _("Shared sign-in")
        FEATURE_ASKED = "feature_asked", _("Feature of a growing team asked for")
        RENEWAL = "renewal_at_risk", _("Seats likely to be cut at renewal")
        VALUE_PROVEN = "value_proven", _("Value proven")

    public_id = PublicIdField("sig")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    subject = models.CharField(_("about"), max_length=40, blank=True)
    day = models.DateField(_("day"))
    seen_at = models.DateTimeField(_("seen"))
    evidence = models.JSONField(_("evidence"), default=dict, encoder=DjangoJSONEncoder)
    seats = models.PositiveIntegerField(_("suggested seats"), null=True, blank=True)
    score = models.PositiveSmallIntegerField(_("score"), default=0)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    held_back = models.BooleanField(_("held back"), default=False)
    alert = models.ForeignKey(Alert, on_delete=models.SET_NULL, null=True, blank=True, related_name="signals")
    task = models.ForeignKey(ExpansionTask, on_delete=models.SET_NULL, null=True, blank=True, related_name="signals")

    class Meta:
        verbose_name = _("signal")
        verbose_name_plural = _("signals")
        ordering = ["-seen_at", "-id"]
        constraints = [
            # Five sweeps at once: one of them inserts, so one alert and one task follow.
            models.UniqueConstraint(
                fields=["account", "kind", "subject"], condition=Q(ended_at__isnull=True), name="signal_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["account", "-seen_at"], name="signal_by_account"),
            models.Index(
                fields=["account"],
                condition=Q(ended_at__isnull=True) & (Q(told_at__isnull=True) | Q(held_back=True)),
                name="signal_to_tell",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.account}"
