"""Credits for idle seats: who was counted, what was sent, how it ended."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import actor_of
from billing.changes.credit_idle import retry_idle_credit
from billing.models import IdleCredit
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now


@admin.register(IdleCredit)
class IdleCreditAdmin(ReadOnlyAdmin):
    """One row per subscription and period. The action looks at Stripe first, so nothing is credited twice."""

    list_display = (
        "public_id",
        "account",
        "period_end",
        "quantity",
        "idle",
        "credited",
        "amount",
        "currency",
        "state",
        "error_code",
    )
    money_fields = ("full_amount", "reduced_amount", "amount")
    list_filter = ("state", "currency")
    search_fields = ("public_id", "account__name", "account__slug", "invoice_item_stripe_id")
    date_hierarchy = "period_end"
    list_select_related = ("account",)
    actions = ("again",)

    @admin.action(description=gettext_lazy("Try a failed credit again"), permissions=["act"])
    def again(self, request: HttpRequest, queryset: QuerySet[IdleCredit]) -> None:
        """Carry each selected one on; a failed one with a fresh key."""
        for row in queryset.select_related("account"):
            credit = retry_idle_credit(credit=row, actor=actor_of(request, door="admin"), at=now())
            text = _("%(credit)s: %(state)s") % {"credit": credit.public_id, "state": credit.get_state_display()}
            self.message_user(request, text, messages.SUCCESS)
