"""Plans and prices, as synchronized from Stripe."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.catalog.sync_catalog import bring_in_catalog
from billing.errors import ProviderUnavailable
from billing.models import Plan, Price, PriceTier
from seatportal.kit.admin import ReadOnlyAdmin, ReadOnlyInline


class PriceInline(ReadOnlyInline):
    """A plan's prices."""

    model = Price
    fields = ("stripe_id", "currency", "interval", "interval_count", "scheme", "unit_amount", "active")
    readonly_fields = fields
    money_fields = ("unit_amount",)
    show_change_link = True


class TierInline(ReadOnlyInline):
    """A price's steps."""

    model = PriceTier
    fields = ("up_to", "unit_amount", "flat_amount")
    readonly_fields = fields
    money_fields = ("unit_amount", "flat_amount")

    @staticmethod
    def currency_of(row: PriceTier) -> str:
        """The price's."""
        return row.price.currency


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    """What is sold. Changes are made at Stripe and brought in by the action."""

    list_display = ("name", "stripe_id", "minimum_seats", "self_service_max", "active", "position")
    list_filter = ("active",)
    search_fields = ("name", "stripe_id")
    inlines = (PriceInline,)
    actions = ("bring_in",)

    @admin.action(description=gettext_lazy("Bring plans and prices in from Stripe"), permissions=["act"])
    def bring_in(self, request: HttpRequest, queryset: QuerySet[Plan]) -> None:
        """Synchronize the whole catalogue; the selection does not matter."""
        try:
            synced = bring_in_catalog()
        except ProviderUnavailable as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        text = _("%(plans)d plans and %(prices)d prices are on sale.")
        self.message_user(request, text % {"plans": synced.plans, "prices": synced.prices}, messages.SUCCESS)


@admin.register(Price)
class PriceAdmin(ReadOnlyAdmin):
    """Prices with their steps."""

    list_display = ("__str__", "plan", "currency", "interval", "scheme", "unit_amount", "active")
    money_fields = ("unit_amount",)
    list_filter = ("active", "currency", "interval", "scheme")
    search_fields = ("stripe_id", "nickname", "plan__name")
    list_select_related = ("plan",)
    inlines = (TierInline,)
