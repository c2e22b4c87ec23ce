"""Bases for staff screens."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import CharField, Model
from django.http import HttpRequest
from django.utils.functional import Promise


@dataclass(frozen=True)
class Need:
    """So many of something wait for a person, the oldest since then; `url` is the list that shows them."""

    label: str | Promise
    count: int
    oldest: datetime | None
    url: str
    grave: bool


# Apps add what they count; the staff site shows it as one page (seatportal/staff.py).
NEEDS: list[Callable[[], Iterable[Need]]] = []
# Apps add what the first page of the staff site shows, as context of its template.
TODAY: list[Callable[[HttpRequest], dict[str, Any]]] = []


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

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Looking is not acting: an action names `permissions=["act"]`, and takes the model's `change` permission."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))


class ValuesFilter(admin.AllValuesFieldListFilter):
    """Texts as they stand, the empty one as a dash: Django makes it a link without a word, which nobody can hear."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Each value with its link."""
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "–"}


admin.FieldListFilter.register(
    lambda field: isinstance(field, CharField) and not field.choices, ValuesFilter, take_priority=True
)
