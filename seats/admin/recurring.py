"""What changes meant in recurring revenue, line by line."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.templatetags.portal import money
from seats.models import RecurringChange


@admin.register(RecurringChange)
class RecurringChangeAdmin(ReadOnlyAdmin):
    """The lines behind the metrics in money."""

    list_display = ("at", "account", "cause", "yearly_before", "yearly_after", "quantity", "assumed", "entry")
    list_filter = ("cause", "currency", "assumed")
    search_fields = ("account__name", "account__slug", "price_stripe_id")
    date_hierarchy = "at"
    list_select_related = ("account", "entry")

    @admin.display(description=_("per year before"), ordering="before")
    def yearly_before(self, row: RecurringChange) -> str:
        return money(row.before, row.currency)

    @admin.display(description=_("per year after"), ordering="after")
    def yearly_after(self, row: RecurringChange) -> str:
        return money(row.after, row.currency)
