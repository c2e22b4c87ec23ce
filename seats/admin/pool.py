"""Pools with their limit policy, and the ledger."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import actor_of
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.capacity.set_policy import set_policy, until_fits
from seats.errors import ExceptionWrong
from seats.models import LedgerEntry, RegionPool, SeatPool

LIMIT = ("mode", "allowance", "grace_days")


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """The limit, and why it changes."""

    until = forms.DateField(
        label=_("exception until"),
        required=False,
        widget=AdminDateWidget,
        help_text=_("The last day of an exception; then the former limit returns by itself. Empty: for good."),
    )
    reason = forms.CharField(label=_("reason"), max_length=200, help_text=_("Kept in the audit trail."))

    class Meta:
        model = SeatPool
        fields = LIMIT

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = self.instance.policy_until

    def clean(self) -> dict[str, Any]:
        """A hard limit has no extra seats, and an exception an end that is to come."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("mode") == SeatPool.Mode.HARD and values.get("allowance"):
            self.add_error("allowance", _("With a hard limit there are no extra seats. Choose a soft limit."))
        until = values.get("until")
        if until is not None and not until_fits(self.instance.account, until, now()):
            self.add_error("until", ExceptionWrong.message)
        same = all(values.get(name) == getattr(self.instance, name) for name in LIMIT)
        if until is None and same and self.instance.policy_until and not self.errors:
            self.add_error("until", _("To end the exception choose the limit that follows; to keep it, leave its end."))
        return values


@admin.register(SeatPool)
class SeatPoolAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """One row per account. Only the limit can be changed here; the numbers follow Stripe and the holders."""

    form = PolicyForm
    list_display = ("account", "purchased", "comped", "assigned", "mode", "allowance", "frozen", "over_since")
    list_filter = ("mode", "frozen", ("over_since", admin.EmptyFieldListFilter))
    search_fields = ("account__name", "account__slug")
    list_select_related = ("account",)
    fields = (
        "account",
        "purchased",
        "comped",
        "comped_until",
        "assigned",
        "entitled",
        "set_aside",
        "common_assigned",
        "frozen",
        "over_since",
        "mode",
        "allowance",
        "grace_days",
        "until",
        "reason",
    )
    readonly_fields = (
        "account",
        "purchased",
        "comped",
        "comped_until",
        "assigned",
        "entitled",
        "set_aside",
        "common_assigned",
        "frozen",
        "over_since",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A pool comes with its account."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SeatPool | None = None) -> bool:
        """Nobody deletes."""
        return False

    def save_model(self, request: HttpRequest, obj: SeatPool, form: Any, change: bool) -> None:
        """Through the verb: lock, trail, queue."""
        values = form.cleaned_data
        try:
            set_policy(
                account=obj.account,
                mode=values["mode"],
                allowance=values["allowance"],
                grace_days=values["grace_days"],
                until=values["until"],
                reason=values["reason"],
                actor=actor_of(request, door="admin"),
                at=now(),
            )
        except PortalError as error:
            self.message_user(request, str(error), "ERROR")


@admin.register(RegionPool)
class RegionPoolAdmin(ReadOnlyAdmin):
    """Seats that accounts keep for regions; customers set them themselves."""

    list_display = ("region", "account", "seats", "assigned", "created_at")
    search_fields = ("region__name", "region__public_id", "account__name", "account__slug")
    list_select_related = ("account", "region")


@admin.register(LedgerEntry)
class LedgerAdmin(ReadOnlyAdmin):
    """The history of every account."""

    list_display = (
        "at",
        "account",
        "kind",
        "purchased_before",
        "purchased_after",
        "assigned_before",
        "assigned_after",
        "comped_before",
        "comped_after",
        "actor",
        "reason",
        "invoice_stripe_id",
    )
    list_filter = ("kind",)
    search_fields = ("account__name", "account__slug", "actor__email", "invoice_stripe_id", "change_id", "to_email")
    date_hierarchy = "at"
    list_select_related = ("account", "actor")
