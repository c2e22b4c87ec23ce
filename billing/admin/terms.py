"""What was agreed with accounts, and their requests for an offer."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.access.actor import actor_of
from accounts.models import Account
from billing.errors import TermsWrong
from billing.mirror.queries import live_subscription
from billing.models import OfferRequest, Terms
from billing.terms.offers import ANSWERS, answer_offer_request
from billing.terms.set_terms import FIELDS, set_terms
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.money import exponent, to_decimal, to_minor
from seatportal.templatetags.portal import money


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """All that can be agreed, and why."""

    reason = forms.CharField(label=_("reason"), max_length=200, help_text=_("Kept in the audit trail."))
    credit_limit = forms.DecimalField(
        label=_("credit limit"),
        required=False,
        min_value=0,
        max_digits=15,
        help_text=_(
            "In the currency of the subscription, such as 5000.00, for customers who pay by invoice. Empty: nothing is "
            "sold on credit."
        ),
    )

    class Meta:
        model = Terms
        fields = ("account", *FIELDS)
        help_texts = {
            "minimum_seats": _("Empty: the plan's own."),
            "self_service_max": _("Empty: the plan's own."),
            "valid_until": _("Until then minimum and self-service differ from the plan. Empty: until changed."),
            "true_up_from": _("First day of the first quarter. Empty: with the hybrid policy the calendar's quarters."),
            "po_number": _("Put on invoices of purchases that name none."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit, currency = self.instance.credit_limit, _currency(self.instance)
        if limit is not None and currency:
            self.initial["credit_limit"] = to_decimal(limit, currency)

    def clean(self) -> dict[str, Any]:
        """A commitment has a number and an end, and the limit becomes minor units; the verb checks the rest."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("credit_limit") is not None:
            values["credit_limit"] = self._minor(values["credit_limit"], values.get("account"))
        if bool(values.get("committed_quantity")) != bool(values.get("committed_until")):
            self.add_error("committed_until", _("A commitment needs a number of seats and a day on which it ends."))
        low, high = values.get("minimum_seats"), values.get("self_service_max")
        if low is not None and high is not None and low > high:
            self.add_error("self_service_max", TermsWrong.message)
        return values

    def _minor(self, limit: Decimal, account: Account | None) -> int | None:
        currency = _currency(self.instance) or (_currency(Terms(account=account)) if account else "")
        if not currency:
            self.add_error("credit_limit", _("This account has no subscription yet, and so no currency."))
            return None
        try:
            return to_minor(limit, currency)
        except ValueError:
            places = exponent(currency)
            text = ngettext_lazy(
                "%(currency)s has %(places)d decimal.", "%(currency)s has %(places)d decimals.", places
            )
            self.add_error("credit_limit", text % {"currency": currency.upper(), "places": places})
            return None


def _currency(terms: Terms) -> str:
    """Of the account's subscription, in which the limit is kept; empty without one."""
    found = live_subscription(terms.account) if terms.account_id else None
    return found.currency if found else ""


@admin.register(Terms)
class TermsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """One row per account for which something was agreed."""

    form = TermsForm
    list_display = (
        "account",
        "minimum_seats",
        "self_service_max",
        "valid_until",
        "committed_quantity",
        "committed_until",
        "inactive_policy",
        "credit",
        "reason",
    )
    list_filter = ("inactive_policy", ("committed_until", admin.EmptyFieldListFilter))
    search_fields = ("account__name", "account__slug", "po_number")
    list_select_related = ("account",)
    fields = ("account", *FIELDS, "reason")
    raw_id_fields = ("account",)

    @admin.display(description=_("credit limit"))
    def credit(self, row: Terms) -> str:
        """As money."""
        currency = _currency(row)
        return money(row.credit_limit, currency) if row.credit_limit is not None and currency else "–"

    def get_readonly_fields(self, request: HttpRequest, obj: Terms | None = None) -> tuple[str, ...]:
        """Terms stay with their account."""
        return ("account",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Terms | None = None) -> bool:
        """Agreed terms are changed, never forgotten."""
        return False

    def save_model(self, request: HttpRequest, obj: Terms, form: Any, change: bool) -> None:
        """Through the verb: checks and the audit trail."""
        values = form.cleaned_data
        try:
            saved = set_terms(
                account=obj.account,
                reason=values["reason"],
                actor=actor_of(request, door="admin"),
                at=now(),
                **{name: values[name] for name in FIELDS},
            )
        except PortalError as error:
            self.message_user(request, str(error), "ERROR")
        else:
            obj.pk = saved.pk


class OfferForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """The next answer and what the customer is told."""

    answer = forms.CharField(
        label=_("answer"), max_length=500, widget=forms.Textarea, help_text=_("The customer reads it.")
    )
    valid_until = forms.SplitDateTimeField(
        label=_("higher self-service until"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=_("Once agreed, the account buys up to this many seats by itself. Empty: until changed."),
    )

    class Meta:
        model = OfferRequest
        fields = ("state", "answer")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        state = self.fields.get("state")
        if isinstance(state, forms.ChoiceField):
            allowed = ANSWERS.get(OfferRequest.State(self.instance.state), ())
            state.choices = [(choice.value, choice.label) for choice in allowed]


@admin.register(OfferRequest)
class OfferRequestAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Requests for an offer: answered here, in the customer's sight."""

    form = OfferForm
    list_display = (
        "public_id",
        "account",
        "quantity",
        "contact",
        "state",
        "user",
        "begun_by",
        "created_at",
        "answered_at",
    )
    list_filter = ("state",)
    search_fields = ("public_id", "account__name", "account__slug", "contact")
    date_hierarchy = "created_at"
    list_select_related = ("account", "user", "begun_by")
    readonly_fields = ("account", "quantity", "note", "contact", "user", "begun_by", "created_at")
    fields = (*readonly_fields, "state", "answer", "valid_until")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Customers ask, and staff begin one from the account's page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: OfferRequest | None = None) -> bool:
        """A closed request is only looked at."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_open)

    def has_delete_permission(self, request: HttpRequest, obj: OfferRequest | None = None) -> bool:
        """Nobody deletes."""
        return False

    def save_model(self, request: HttpRequest, obj: OfferRequest, form: Any, change: bool) -> None:
        """Through the verb: state, trail and, once agreed, the higher bound."""
        values = form.cleaned_data
        try:
            answer_offer_request(
                account=obj.account,
                request_id=obj.public_id,
                state=values["state"],
                answer=values["answer"],
                valid_until=values["valid_until"],
                actor=actor_of(request, door="admin"),
                at=now(),
            )
        except PortalError as error:
            self.message_user(request, str(error), "ERROR")
