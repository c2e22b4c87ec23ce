"""What changes meant in recurring revenue, line by line."""

from django.contrib import admin

from seatportal.kit.admin import ReadOnlyAdmin
from seats.models import RecurringChange


@admin.register(RecurringChange)
class RecurringChangeAdmin(ReadOnlyAdmin):
    """The lines behind the metrics in money."""

    list_display = ("at", "account", "cause", "before", "after", "quantity", "assumed", "entry")
    money_fields = ("before", "after")
    list_filter = ("cause", "currency", "assumed")
    search_fields = ("account__name", "account__slug", "price_stripe_id")
    date_hierarchy = "at"
    list_select_related = ("account", "entry")
