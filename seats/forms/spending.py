"""The forms of what may be bought without approval, and of who approves the rest."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.members.queries import members_of
from accounts.models import Account
from billing.models import ApprovalStep, BuyingPolicy
from billing.terms.approvers import Step
from billing.terms.set_buying_policy import MOST_STEPS
from seatportal.kit.money import exponent, to_decimal, to_minor
from seats.pool.budgets import BudgetUse


class MoneyField(forms.DecimalField):
    """An amount of one currency; cleaned into minor units."""

    def __init__(self, *, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(
            min_value=0,
            max_value=1_000_000_000,
            decimal_places=exponent(currency),
            widget=forms.NumberInput(attrs={"inputmode": "decimal"}),
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        """Minor units; None when it was left empty."""
        typed = super().clean(value)
        return None if typed is None else to_minor(typed, self.currency)

    def prepare_value(self, value: Any) -> Any:
        """Stored amounts are minor units, typed ones text."""
        return to_decimal(value, self.currency) if isinstance(value, int) else value


class AllowanceForm(forms.Form):
    """Seats and money a month, and what happens to joiners of a directory."""

    seats = forms.IntegerField(
        label=_("Seats a month without approval"),
        min_value=0,
        max_value=100_000,
        required=False,
        help_text=_("Empty: no limit in seats. Zero: every purchase needs an approval."),
    )
    joiners = forms.ChoiceField(
        label=_("When a directory adds somebody and every seat is taken"),
        choices=BuyingPolicy.Joiners,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, help_text=_("It stands in the audit trail.")
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if currency:
            self.fields["amount"] = MoneyField(
                currency=currency,
                label=_("Amount a month without approval in %(currency)s") % {"currency": currency.upper()},
                required=False,
                help_text=_("With tax. Empty: no limit in money. Where both are set, a purchase must be within both."),
            )
        self.order_fields(["seats", "amount", "joiners", "reason"])


class StepForm(forms.Form):
    """One step of the chain; an empty role means that there is no such step."""

    role = forms.ChoiceField(label=_("Approved by"), required=False)
    people = forms.CharField(
        label=_("Only these people"),
        required=False,
        max_length=500,
        help_text=_("E-mail addresses of members. When none of them is here any more, the role decides."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, account: Account, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        role = self.fields["role"]
        if isinstance(role, forms.ChoiceField):
            role.choices = [("", _("No step")), *ApprovalStep.Role.choices]
        if currency:
            self.fields["from_amount"] = MoneyField(
                currency=currency,
                label=_("From an amount of (%(currency)s)") % {"currency": currency.upper()},
                required=False,
                help_text=_("Needed for purchases that cost at least as much now. Empty: for all."),
            )
        self.order_fields(["role", "from_amount", "people"])

    def clean_people(self) -> frozenset[int]:
        """Addresses into members."""
        typed = self.cleaned_data["people"].replace(",", " ").replace(";", " ").lower().split()
        found = {m.user.email.lower(): m.pk for m in members_of(self.account).filter(user__email__in=typed)}
        unknown = [address for address in typed if address not in found]
        if unknown:
            raise ValidationError(_("No member has this address: %(list)s") % {"list": ", ".join(unknown)})
        return frozenset(found.values())

    def step(self, position: int) -> Step | None:
        """What was typed; None for no step."""
        typed = self.cleaned_data
        if not typed["role"]:
            return None
        return Step(position, typed["role"], typed["people"], typed.get("from_amount") or 0)


class BudgetsForm(forms.Form):
    """A monthly budget for each department; an empty one has none."""

    def __init__(self, *args: Any, budgets: Sequence[BudgetUse], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budgets = budgets
        for row in budgets:
            self.fields[row.department.public_id] = MoneyField(
                currency=currency,
                label=_("Budget of %(department)s a month in %(currency)s")
                % {"department": row.department, "currency": currency.upper()},
                required=False,
                initial=row.budget,
            )

    def rows(self) -> list[tuple[BudgetUse, forms.BoundField]]:
        """Each department with its field."""
        return [(row, self[row.department.public_id]) for row in self.budgets]


def step_forms(account: Account, currency: str, steps: Sequence[Step], data: Any = None) -> list[StepForm]:
    """The account's own steps and an empty one; of what was typed, as many as a chain may have."""
    people = {m.pk: m.user.email for m in members_of(account).filter(pk__in=[pk for s in steps for pk in s.people])}
    initial: list[dict[str, Any]] = [
        {
            "role": step.role,
            "from_amount": step.from_amount or None,
            "people": ", ".join(people[pk] for pk in sorted(step.people) if pk in people),
        }
        for step in steps
    ]
    count = MOST_STEPS if data is not None else min(len(steps) + 1, MOST_STEPS)
    initial += [{}] * (count - len(initial))
    return [
        StepForm(data, prefix=f"step{n}", initial=values, account=account, currency=currency)
        for n, values in enumerate(initial, start=1)
    ]
