"""A customer's own rules for buying; staff read them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from billing.models import ApprovalStep, BuyingPolicy
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.templatetags.portal import money


@admin.register(BuyingPolicy)
class BuyingPolicyAdmin(ReadOnlyAdmin):
    """What may be bought in a month without approval."""

    list_display = fields = ("account", "seats", "limit", "joiners")
    readonly_fields = ("limit",)
    list_filter = ("joiners",)
    search_fields = ("account__name", "account__slug")
    list_select_related = ("account",)

    @admin.display(description=_("amount a month without approval"))
    def limit(self, row: BuyingPolicy) -> str:
        """As money."""
        return money(row.amount, row.currency) if row.amount is not None else "–"


@admin.register(ApprovalStep)
class ApprovalStepAdmin(ReadOnlyAdmin):
    """Who approves the rest, in order."""

    list_display = ("account", "position", "role", "from_amount")
    list_filter = ("role",)
    search_fields = ("account__name", "account__slug")
    list_select_related = ("account",)
