"""Deliveries from Stripe: kept, handled, given up on; and replayed."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.inbox.handle_event import replay_event
from billing.models import StripeEvent
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """The inbox."""

    list_display = (
        "event_id",
        "kind",
        "state",
        "tries",
        "subscription_stripe_id",
        "received_at",
        "done_at",
        "last_error",
    )
    list_filter = ("state", "kind", "livemode", "api_version")
    search_fields = ("event_id", "subscription_stripe_id", "customer_stripe_id", "object_id")
    date_hierarchy = "received_at"
    actions = ("replay",)

    @admin.action(description=gettext_lazy("Handle again"), permissions=["act"])
    def replay(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> None:
        """Handle each selected event again, also those that were given up on."""
        done = sum(replay_event(event_id=row.event_id, at=now()) for row in queryset)
        text = _("%(done)d of %(all)d events are handled.") % {"done": done, "all": queryset.count()}
        self.message_user(request, text, messages.SUCCESS)
