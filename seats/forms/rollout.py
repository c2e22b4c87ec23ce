"""Forms of rollout plans and their tranches."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import DayField
from accounts.members.queries import members_of
from accounts.models import Account, Department, Membership
from billing.quotes.rules import LARGEST_STEP
from seatportal.kit.money import exponent, to_minor
from seats.rollout.rules import USUAL_GATE
from seats.rollout.tranches import Wish


class RolloutForm(forms.Form):
    """A plan's name and budget year."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("Such as “Sales and support in 2027”.")
    )
    budget_month = forms.TypedChoiceField(
        label=gettext_lazy("The budget year begins in"),
        coerce=int,
        choices=list(MONTHS.items()),
        initial=1,
        help_text=gettext_lazy("Tranches are shown by its quarters."),
    )


class TrancheForm(forms.Form):
    """What is to be bought, when, for whom, and for at most how much. With `priced`, only number and day count."""

    quantity = forms.IntegerField(label=gettext_lazy("Seats to add"), min_value=1, max_value=LARGEST_STEP, initial=10)
    due_on = DayField(label=gettext_lazy("Day"), help_text=gettext_lazy("By your account's time zone."))
    department = forms.ModelChoiceField(
        Department.objects.none(),
        label=gettext_lazy("Department"),
        required=False,
        empty_label=gettext_lazy("No department"),
    )
    owner = forms.EmailField(
        label=gettext_lazy("Owner’s e-mail address"),
        help_text=gettext_lazy("Hears when the tranche is held or bought. Anybody of this account."),
    )
    gate_percent = forms.IntegerField(
        label=gettext_lazy("Only if so many percent of the seats are active"),
        required=False,
        min_value=1,
        max_value=100,
        initial=USUAL_GATE,
        help_text=gettext_lazy("Active seats of the purchased ones in the last 30 days. Empty: the day alone decides."),
    )
    po_number = forms.CharField(
        label=gettext_lazy("Purchase order number"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("Empty: the one agreed in your terms."),
    )
    ceiling = forms.DecimalField(
        min_value=Decimal(0),
        max_digits=15,
        help_text=gettext_lazy(
            "The most that may be due at once on that day. If the price is higher, nothing is bought and the owner is "
            "told."
        ),
    )

    def __init__(self, *args: Any, account: Account, currency: str, priced: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account, self.currency = account, currency
        department = cast("forms.ModelChoiceField[Department]", self.fields["department"])
        department.queryset = Department.objects.filter(account=account).order_by("name")
        department.to_field_name = "public_id"
        ceiling = cast(forms.DecimalField, self.fields["ceiling"])
        ceiling.label = _("I agree to pay at most (%(currency)s)") % {"currency": currency.upper()}
        ceiling.decimal_places = exponent(currency)
        ceiling.widget.attrs["step"] = str(Decimal(1).scaleb(-exponent(currency)))
        if priced:
            for name in ("owner", "ceiling"):
                self.fields[name].required = False

    def clean_owner(self) -> Membership | None:
        """Somebody who is in the account now."""
        address = self.cleaned_data["owner"]
        if not address:
            return None
        found = members_of(self.account).filter(user__email__iexact=address).first()
        if found is None:
            raise ValidationError(_("Nobody with this address is in the account."))
        return found

    def clean_ceiling(self) -> int | None:
        """In minor units."""
        amount = self.cleaned_data["ceiling"]
        if amount is None:
            return None
        try:
            return to_minor(amount, self.currency)
        except ValueError:
            raise ValidationError(_("Enter an amount with no more decimals than the currency has."))

    def wish(self) -> Wish:
        """What was typed, for the verb."""
        return Wish(**self.cleaned_data)


class ReleaseForm(forms.Form):
    """Why a gate is overridden."""

    reason = forms.CharField(label=gettext_lazy("Why it is released anyway"), max_length=200)
