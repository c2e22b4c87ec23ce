"""The lower number of seats."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models import SubscriptionItem


class ReduceForm(forms.Form):
    """A whole number below today's and not below the plan's minimum; `plan_decrease` decides in the end."""

    quantity = forms.IntegerField(label=gettext_lazy("Seats from the next period on"), min_value=1)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Kept in the ledger with this change."),
    )

    def __init__(self, *args: Any, item: SubscriptionItem | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item = item

    def clean_quantity(self) -> int:
        """Say the bound that was missed."""
        quantity: int = self.cleaned_data["quantity"]
        if self.item is None:
            return quantity
        minimum = self.item.price.plan.minimum_seats
        if quantity > self.item.quantity:
            raise ValidationError(
                _("You have %(count)d seats. Choose a lower number, or add seats instead.")
                % {"count": self.item.quantity}
            )
        if quantity < minimum:
            raise ValidationError(
                ngettext(
                    "The plan has a minimum of %(count)d seat.", "The plan has a minimum of %(count)d seats.", minimum
                )
                % {"count": minimum}
            )
        return quantity
