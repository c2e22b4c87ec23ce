"""The form of regular mails."""

from django import forms
from django.utils.translation import gettext_lazy as _


class MailsForm(forms.Form):
    """One tick for each kind; the names are those of MailChoice.Kind."""

    weekly_digest = forms.BooleanField(
        label=_("Weekly digest"),
        required=False,
        help_text=_("On Monday mornings: seats, who is idle in numbers, when they run out, and what to do."),
    )
    value_report = forms.BooleanField(
        label=_("Reports of value plans"), required=False, help_text=_("When the 90 days of a plan are over.")
    )
