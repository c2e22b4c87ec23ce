"""Forms around requests."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RequestForm(forms.Form):
    """Why somebody needs a seat."""

    reason = forms.CharField(
        label=_("What do you need it for?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Those who decide see this."),
    )


class AnswerForm(forms.Form):
    """The answer to a request."""

    answer = forms.CharField(
        label=_("Answer"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
