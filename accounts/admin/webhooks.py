"""Customers' webhook endpoints and what was sent to them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from seatportal.kit.admin import ReadOnlyAdmin, ReadOnlyInline


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    """To look at: the customer owns them."""

    list_display = ("url", "account", "description", "failing_since", "disabled_at", "disabled_by", "created_at")
    list_filter = ("disabled_by", ("failing_since", admin.EmptyFieldListFilter))
    search_fields = ("url", "account__name", "public_id")
    list_select_related = ("account",)
    exclude = ("nonce", "old_nonce")


class AttemptInline(ReadOnlyInline):
    """Each try, the latest first."""

    model = WebhookAttempt
    fields = readonly_fields = ("at", "status", "milliseconds", "error")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """To look at."""

    list_display = ("event_type", "account", "endpoint", "sent_at", "given_up_at", "tries", "status", "last_error")
    list_filter = (("sent_at", admin.EmptyFieldListFilter), ("given_up_at", admin.EmptyFieldListFilter))
    search_fields = ("public_id", "event__public_id", "account__name", "endpoint__url")
    date_hierarchy = "created_at"
    list_select_related = ("account", "endpoint", "event")
    inlines = (AttemptInline,)

    @admin.display(description=_("Event"), ordering="event__type")
    def event_type(self, row: WebhookDelivery) -> str:
        """What it tells."""
        return row.event.type
