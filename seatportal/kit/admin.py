"""Bases for staff screens."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import CharField, Model
from django.http import HttpRequest


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """For the ledger, the mirror, the inbox and the audit trail: to look at, never to edit."""

    actions: Any = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody edits."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False


class ValuesFilter(admin.AllValuesFieldListFilter):
    """Texts as they stand, the empty one as a dash: Django makes it a link without a word, which nobody can hear."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Each value with its link."""
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "–"}


admin.FieldListFilter.register(
    lambda field: isinstance(field, CharField) and not field.choices, ValuesFilter, take_priority=True
)
