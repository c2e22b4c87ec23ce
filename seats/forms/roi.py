"""The form of what an account assumes about its return."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from seatportal.kit.money import exponent, to_decimal, to_minor
from seats.value.roi_rules import Assumptions, hours_of

DEFAULT_SHARE = 50


class RoiForm(forms.Form):
    """Hours, what they cost, and how much of them counts."""

    hours = forms.DecimalField(
        label=_("Hours saved per active person and week"),
        min_value=0,
        max_value=80,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.25", "inputmode": "decimal"}),
    )
    share = forms.IntegerField(
        label=_("Share counted, in percent"),
        min_value=0,
        max_value=100,
        help_text=_("Not every hour saved becomes work, and weeks off save none. Half is a careful start."),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["hour_cost"] = forms.DecimalField(
            label=_("Cost of an hour in %(currency)s") % {"currency": currency.upper()},
            min_value=0,
            max_value=1_000_000,
            decimal_places=exponent(currency),
            help_text=_("What an hour of work costs you, with everything on top of the wage."),
            widget=forms.NumberInput(attrs={"inputmode": "decimal"}),
        )
        self.order_fields(["hours", "hour_cost", "share"])

    def given(self) -> Assumptions:
        """What was typed, in the units of the rules."""
        typed = self.cleaned_data
        return Assumptions(
            hours=int(cast(Decimal, typed["hours"]) * 100),
            hour_cost=to_minor(typed["hour_cost"], self.currency),
            share=typed["share"],
        )

    @staticmethod
    def initial_of(given: Assumptions, currency: str) -> dict[str, Any]:
        """For the fields."""
        return {
            "hours": hours_of(given.hours),
            "hour_cost": to_decimal(given.hour_cost, currency),
            "share": given.share,
        }
