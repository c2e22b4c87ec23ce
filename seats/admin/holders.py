"""Who sits, who waits, who asked."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import actor_of
from seatportal.kit.admin import ReadOnlyAdmin, ReadOnlyInline
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.holders.release_seat import release_seat
from seats.models import (
    Assignment,
    DailyUsage,
    DepartmentBudget,
    JoinerPurchase,
    Pause,
    PlannedHolder,
    RequestStep,
    SeatRequest,
    WaitingPerson,
)


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    """Tenures; the open ones are the seats in use."""

    list_display = ("public_id", "account", "state", "holder", "door", "started_at", "ended_at", "end_reason")
    list_filter = ("state", ("ended_at", admin.EmptyFieldListFilter), "end_reason", "door")
    search_fields = ("public_id", "account__name", "membership__user__email", "invitation__email")
    date_hierarchy = "started_at"
    list_select_related = ("account", "membership__user", "invitation")
    actions = ("release",)

    @admin.display(description=gettext_lazy("holder"))
    def holder(self, seat: Any) -> str:
        """The member, or the invited address."""
        return str(seat.membership.user.email if seat.membership else seat.invitation.email)

    @admin.action(description=gettext_lazy("Release the seat"), permissions=["act"])
    def release(self, request: HttpRequest, queryset: QuerySet[Assignment]) -> None:
        """Release each selected open seat; one that changed meanwhile is named and left."""
        for seat in queryset.select_related("account"):
            try:
                release_seat(account=seat.account, assignment=seat, actor=actor_of(request, door="admin"), at=now())
            except PortalError as error:
                self.message_user(request, f"{seat}: {error}", messages.ERROR)
                continue
            self.message_user(request, _("%(seat)s is free.") % {"seat": seat}, messages.SUCCESS)


@admin.register(WaitingPerson)
class WaitingAdmin(ReadOnlyAdmin):
    """The queues of all accounts."""

    list_display = ("__str__", "account", "since", "served_at", "withdrawn_at")
    list_filter = (("served_at", admin.EmptyFieldListFilter),)
    search_fields = ("account__name", "membership__user__email", "invitation__email")
    list_select_related = ("account", "membership__user", "invitation")


class RequestStepInline(ReadOnlyInline):
    """Who has to approve, in order."""

    model = RequestStep
    fields = readonly_fields = ("position", "role", "from_amount", "approved", "decided_by", "decided_at")
    money_fields = ("from_amount", "approved")

    @staticmethod
    def currency_of(row: RequestStep) -> str:
        """The request's."""
        return row.request.currency


@admin.register(DepartmentBudget)
class DepartmentBudgetAdmin(ReadOnlyAdmin):
    """What departments may spend on seats a month."""

    list_display = ("department", "account", "amount", "currency")
    money_fields = ("amount",)
    search_fields = ("account__name", "department__name")
    list_select_related = ("account", "department")


@admin.register(JoinerPurchase)
class JoinerPurchaseAdmin(ReadOnlyAdmin):
    """Seats for people whom directories added."""

    list_display = ("account", "state", "since", "next_try_at", "tries", "problem")
    list_filter = ("state",)
    search_fields = ("account__name",)
    list_select_related = ("account",)


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin):
    """People whose seat rests."""

    list_display = ("membership", "account", "paused_at", "resumes_on", "reason", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    search_fields = ("account__name", "membership__user__email")
    list_select_related = ("account", "membership__user", "membership__account")


@admin.register(SeatRequest)
class SeatRequestAdmin(ReadOnlyAdmin):
    """Requests for a seat, and purchases that wait for approval with their steps."""

    list_display = ("public_id", "account", "kind", "quantity", "membership", "state", "reason", "created_at")
    money_fields = ("asked_total", "asked_due", "asked_monthly")
    list_filter = ("kind", "state")
    inlines = (RequestStepInline,)
    search_fields = ("public_id", "account__name", "membership__user__email")
    date_hierarchy = "created_at"
    list_select_related = ("account", "membership__user", "membership__account")


@admin.register(PlannedHolder)
class PlannedHolderAdmin(ReadOnlyAdmin):
    """People whom seats were bought for."""

    list_display = ("__str__", "account", "quote_id", "served_at", "problem")
    search_fields = ("account__name", "email", "membership__user__email", "quote_id")
    list_select_related = ("account", "membership__user", "membership__account")


@admin.register(DailyUsage)
class DailyUsageAdmin(ReadOnlyAdmin):
    """What people did, per day and feature."""

    list_display = ("day", "account", "membership", "feature", "count")
    list_filter = ("feature",)
    search_fields = ("account__name", "membership__user__email", "feature")
    date_hierarchy = "day"
    list_select_related = ("account", "membership__user", "membership__account")
    show_full_result_count = False
