"""The form of how usage is kept and shown."""

from django import forms
from django.utils.translation import gettext_lazy as _


class UsageSettingsForm(forms.Form):
    """For how long, and for whom."""

    groups_only = forms.BooleanField(
        label=_("Privacy mode: show usage for groups of at least five, without names"),
        required=False,
        help_text=_("On pages, in downloads and in the API alike. Who is idle or busy is then not shown either."),
    )
    peers = forms.BooleanField(
        label=_("Compare this account with others like it"),
        required=False,
        help_text=_(
            "Counted among accounts of the same industry and size, without its name. Off: not counted, and not "
            "shown how others do."
        ),
    )
    keep_days = forms.IntegerField(
        label=_("Days that single events are kept"),
        min_value=30,
        max_value=5500,
        help_text=_("Daily counts stay. Events that are older when they arrive are refused."),
    )
