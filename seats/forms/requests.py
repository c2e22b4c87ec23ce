"""Forms around requests."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.members.queries import places_of
from accounts.models import Account, Department


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


class PurchaseRequestForm(forms.Form):
    """What those who approve a purchase need to know."""

    why = forms.CharField(
        label=_("What do you need the seats for?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Those who approve see this."),
    )
    department = forms.ChoiceField(label=_("Department"), required=False)
    order_number = forms.CharField(
        label=_("Purchase order number"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._departments = {place.public_id: place for place in places_of(account, "department").order_by("name")}
        field = self.fields["department"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                ("", _("Not for one department")),
                *((key, str(d)) for key, d in self._departments.items()),
            ]
        if not self._departments:
            del self.fields["department"]

    @property
    def chosen(self) -> Department | None:
        """The department that was chosen."""
        return self._departments.get(self.cleaned_data.get("department", ""))


class SeatsWantedForm(PurchaseRequestForm):
    """The same where no price was looked at before."""

    add = forms.IntegerField(label=_("Seats to add"), min_value=1, max_value=500, initial=1)
    field_order = ("add", "why", "department", "order_number")
