"""What is chosen before the first purchase."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import Price


class OfferForm(forms.Form):
    """How many seats in all, who is told, and what should be known. quantity: above what is sold without an offer."""

    quantity = forms.IntegerField(label=_("Seats in all"), min_value=1, max_value=100_000)
    contact = forms.EmailField(label=_("Where the offer goes"))
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=500,
        help_text=_("When you need them, for whom, or anything else that matters."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PlanForm(forms.Form):
    """One of the prices on offer, and a number of seats; `start_checkout` checks the plan's bounds."""

    price = forms.ChoiceField(
        label=_("Plan"), error_messages={"required": _("Choose a plan."), "invalid_choice": _("Choose a plan.")}
    )
    quantity = forms.IntegerField(label=_("Seats"), min_value=1, max_value=100_000)

    def __init__(self, *args: Any, prices: list[Price], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prices = {price.public_id: price for price in prices}
        field = self.fields["price"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(public_id, str(price)) for public_id, price in self.prices.items()]

    @property
    def chosen(self) -> Price:
        """The price, once valid."""
        return self.prices[self.cleaned_data["price"]]


class EndForm(forms.Form):
    """Why somebody leaves; nobody has to say."""

    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=200, help_text=_("It helps us to get better. You need not say.")
    )
