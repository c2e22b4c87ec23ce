"""The vendor's data, kept by staff."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.access.actor import actor_of
from billing.models import Vendor
from billing.terms.save_vendor import save_vendor


@admin.register(Vendor)
class VendorAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """One row; every customer's billing people read it."""

    list_display = ("name", "tax_id", "email", "updated_at")
    readonly_fields = ("updated_at",)

    def save_model(self, request: HttpRequest, obj: Vendor, form: ModelForm, change: bool) -> None:  # type: ignore[type-arg]
        """By the verb, which keeps it in the trail."""
        save_vendor(vendor=obj, changed=form.changed_data, actor=actor_of(request, door="admin"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The first one only."""
        return super().has_add_permission(request) and not Vendor.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Vendor | None = None) -> bool:
        """Orders name it; it is changed instead."""
        return False
