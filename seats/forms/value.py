"""Forms of value plans and their goals."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField
from accounts.models import Account, Department
from seats.value.goals import Wish


class StartPlanForm(forms.Form):
    """The first day."""

    starts_on = DayField(
        label=_("First day"),
        help_text=_("Day 0. On days 7, 30, 60 and 90 the goals are compared; on day 90 the report is written."),
    )


class GoalForm(forms.Form):
    """A goal in the customer's own words."""

    name = forms.CharField(
        label=_("What is measured"),
        max_length=120,
        help_text=_("In your own words, such as “Projects delivered” or “Hours per report”."),
    )
    unit = forms.CharField(label=_("Unit"), max_length=24, help_text=_("Such as projects, hours or %."))
    feature = forms.ChoiceField(label=_("Where its value comes from"), required=False)
    outcome = forms.CharField(
        label=_("Only with this outcome"),
        max_length=40,
        required=False,
        help_text=_("For counted values: the name of an outcome as your product reports it. Empty: every action."),
    )
    baseline = forms.DecimalField(
        label=_("Baseline"),
        max_digits=14,
        decimal_places=2,
        required=False,
        help_text=_("Where it stands without the product. Counted values: empty takes the 30 days before the plan."),
    )
    target = forms.DecimalField(
        label=_("Target"),
        max_digits=14,
        decimal_places=2,
        help_text=_("Below the baseline where less is better, such as hours spent."),
    )
    department = forms.ModelChoiceField(
        Department.objects.none(), label=_("Department"), required=False, empty_label=_("The whole account")
    )

    def __init__(self, *args: Any, account: Account, features: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.initial.get("feature", "")
        names = sorted({*features, kept} - {""})
        feature = cast(forms.ChoiceField, self.fields["feature"])
        feature.choices = [
            ("", _("An admin enters it")),
            *((name, _("Counted: %(feature)s, last 30 days") % {"feature": name}) for name in names),
        ]
        department = cast("forms.ModelChoiceField[Department]", self.fields["department"])
        department.queryset = Department.objects.filter(account=account).order_by("name")
        department.to_field_name = "public_id"

    def wish(self) -> Wish:
        """What was typed, for the verb."""
        return Wish(**self.cleaned_data)


class ValueForm(forms.Form):
    """The value of one day."""

    value = forms.DecimalField(label=_("Value"), max_digits=14, decimal_places=2)
    day = DayField(label=_("Day"), help_text=_("A second value of the same day corrects the first."))
