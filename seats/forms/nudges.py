"""What one writes to a power user."""

from django import forms
from django.utils.translation import gettext_lazy as _


class MentorForm(forms.Form):
    """Own words, or none."""

    words = forms.CharField(
        label=_("Your own words"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
