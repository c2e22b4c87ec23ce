"""Accounts and their departments and regions."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import actor_of
from accounts.members.update_account import FIELDS, STAFF_FIELDS, update_account
from accounts.models import Account, Department, Region
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Customer organisations. They are opened by sign-up, and never deleted: history hangs on them."""

    list_display = ("name", "slug", "industry", "locale", "people", "owner_name", "created_at", "closed_at")
    list_filter = ("industry", "locale", ("closed_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("name", "slug", "public_id", "memberships__user__email")
    date_hierarchy = "created_at"
    fields = ("public_id", "slug", *FIELDS, *STAFF_FIELDS, "created_at", "closed_at")
    readonly_fields = ("public_id", "slug", "created_at", "closed_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        """With the number of people, in the same query."""
        people = Count("memberships", filter=Q(memberships__left_at__isnull=True), distinct=True)
        found: QuerySet[Account] = super().get_queryset(request).annotate(people=people)
        return found

    @admin.display(description=_("people"), ordering="people")
    def people(self, account: Any) -> int:
        """How many are in it now."""
        return int(account.people)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """An account needs an owner; only sign-up knows one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        """Nobody deletes."""
        return False

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """Through the verb, so that the trail has it."""
        update_account(
            account=obj,
            actor=actor_of(request, door="admin"),
            at=now(),
            **{name: form.cleaned_data[name] for name in form.changed_data},
        )


@admin.register(Department, Region)
class PlaceAdmin(ReadOnlyAdmin):
    """Departments and regions with what is noted of them; customers keep them themselves."""

    list_display = ("name", "account", "created_at")
    search_fields = ("name", "public_id", "account__name")
    list_select_related = ("account",)
