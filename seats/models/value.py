"""What the product is to be worth to a customer: goals within ninety days, their values, and the report of the end."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Department, User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class ValuePlan(Dated):
    """Ninety days in which an account proves the product's worth. Open until its report is written.

    starts_on: day 0, by the account's calendar.
    """

    public_id = PublicIdField("vpl")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    starts_on = models.DateField(_("starts on"))
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("value plan")
        verbose_name_plural = _("value plans")
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(ended_at__isnull=True), name="value_plan_open_once")
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.starts_on}"


class ValueGoal(Dated):
    """One goal of a plan, in the customer's own words.

    source: whether people enter its value, or it is counted from `feature` (with `outcome`, where one is named) over
    the last thirty days. value, value_on, people: the newest reading. met_on: the first day whose reading reached the
    target.
    A target below the baseline is one to come down to, such as hours spent.
    """

    class Source(models.TextChoices):
        """Where its value comes from."""

        ENTERED = "entered", _("Entered by an admin")
        COUNTED = "counted", _("Counted from usage")

    public_id = PublicIdField("gol")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    plan = models.ForeignKey(ValuePlan, on_delete=models.CASCADE, related_name="goals")
    department = models.ForeignKey(
        Department, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("department")
    )
    name = models.CharField(_("what is measured"), max_length=120)
    unit = models.CharField(_("unit"), max_length=24)
    baseline = models.DecimalField(_("baseline"), max_digits=14, decimal_places=2)
    target = models.DecimalField(_("target"), max_digits=14, decimal_places=2)
    source = models.CharField(_("source"), max_length=8, choices=Source, default=Source.ENTERED)
    feature = models.CharField(_("feature"), max_length=60, blank=True)
    outcome = models.CharField(_("outcome"), max_length=40, blank=True)
    value = models.DecimalField(_("value"), max_digits=14, decimal_places=2, null=True, blank=True)
    value_on = models.DateField(_("value of"), null=True, blank=True)
    people = models.PositiveIntegerField(_("people behind the value"), null=True, blank=True)
    met_on = models.DateField(_("reached on"), null=True, blank=True)

    class Meta:
        verbose_name = _("value goal")
        verbose_name_plural = _("value goals")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(target=models.F("baseline")), name="goal_has_a_way_to_go"),
            models.CheckConstraint(condition=Q(source="entered") | ~Q(feature=""), name="goal_counted_has_feature"),
        ]
        indexes = [
            # The nightly sweep asks which goals were reached.
            models.Index(fields=["account"], condition=Q(met_on__isnull=False), name="goal_met")
        ]

    def __str__(self) -> str:
        return self.name


class GoalReading(models.Model):
    """A goal's value on one day; a second one of the same day corrects the first.

    people: how many did what was counted, or of a department's the others where those are fewer; None for
    a value that somebody entered.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    goal = models.ForeignKey(ValueGoal, on_delete=models.CASCADE, related_name="readings")
    day = models.DateField(_("day"))
    value = models.DecimalField(_("value"), max_digits=14, decimal_places=2)
    people = models.PositiveIntegerField(_("people"), null=True, blank=True)
    entered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("value of a goal")
        verbose_name_plural = _("values of goals")
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["goal", "day"], name="goal_reading_once_per_day")]

    def __str__(self) -> str:
        return f"{self.goal_id} {self.day}: {self.value}"


class ValueReport(models.Model):
    """What a plan came to, written once at its end. data: see seats.value.report."""

    public_id = PublicIdField("vrp")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    plan = models.OneToOneField(ValuePlan, on_delete=models.CASCADE, related_name="report")
    made_at = models.DateTimeField(_("made"))
    data = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("value report")
        verbose_name_plural = _("value reports")
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"{self.account} {self.made_at:%Y-%m-%d}"
