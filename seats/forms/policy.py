"""The form of an account's seat limit."""

from django import forms
from django.utils.translation import gettext_lazy as _

from seats.models import SeatPool


class PolicyForm(forms.Form):
    """Hard, or soft with extra seats and days of grace."""

    mode = forms.ChoiceField(label=_("Limit"), choices=SeatPool.Mode, widget=forms.RadioSelect)
    allowance = forms.IntegerField(
        label=_("Extra seats"),
        min_value=0,
        max_value=1000,
        initial=0,
        help_text=_("With a soft limit: how many seats may be used on top of the purchased ones."),
    )
    grace_days = forms.IntegerField(
        label=_("Days of grace"),
        min_value=0,
        max_value=365,
        help_text=_("When more seats are in use than the limit allows, those given last are released after this time."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, help_text=_("It stands in the audit trail.")
    )
