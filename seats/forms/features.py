"""A wish as somebody types it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from seats.models import FeatureRequest


class FeatureForm(forms.Form):
    """What, why, and what it is about."""

    what = forms.CharField(label=_("What do you need"), max_length=120)
    why = forms.CharField(
        label=_("What for"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What you cannot do today, and for how many people it matters."),
    )
    tag = forms.ChoiceField(label=_("It is about"), choices=FeatureRequest.Tag, widget=forms.RadioSelect)
