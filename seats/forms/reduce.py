"""The lower number of seats."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import SubscriptionItem
from billing.terms.rules import InForce, check_may_shrink
from seatportal.kit.errors import PortalError


class ReduceForm(forms.Form):
    """A whole number not above today's and not below what must stay; `plan_decrease` decides in the end."""

    quantity = forms.IntegerField(label=gettext_lazy("Seats from the next period on"), min_value=1)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Kept in the ledger with this change."),
    )

    def __init__(self, *args: Any, item: SubscriptionItem | None, held: InForce | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item, self.held = item, held

    def clean_quantity(self) -> int:
        """Say the bound that was missed."""
        quantity: int = self.cleaned_data["quantity"]
        if self.item is None or self.held is None:
            return quantity
        if quantity > self.item.quantity:
            raise ValidationError(
                _("You have %(count)d seats. Choose a lower number, or add seats instead.")
                % {"count": self.item.quantity}
            )
        if quantity < self.item.quantity:
            try:
                check_may_shrink(self.held, quantity=quantity, effective_at=self.item.period_end)
            except PortalError as error:
                raise ValidationError(str(error)) from error
        return quantity
