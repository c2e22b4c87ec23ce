"""The form of a pause."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import DayField


class PauseForm(forms.Form):
    """Until when, and why."""

    resumes_on = DayField(
        label=_("Back on"), required=False, help_text=_("Empty: paused until somebody resumes the person.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False, help_text=_("It stands in the ledger."))
