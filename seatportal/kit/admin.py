"""Bases for staff screens."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import CharField, Model
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language

from seatportal.kit.money import format_money, to_decimal


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


class Amount:
    """A column of a list, or a line of a page: minor units of the row's currency, shown as money."""

    def __init__(self, field: Any, currency_of: Callable[[Any], str]) -> None:
        self.__name__ = self.admin_order_field = str(field.name)
        self.short_description = field.verbose_name
        self.currency_of = currency_of

    def __call__(self, row: Model) -> str | int | None:
        """ "$410.31"; the bare number where no currency is known yet."""
        amount, currency = getattr(row, self.__name__), self.currency_of(row)
        return format_money(amount, currency, get_language() or "en") if currency and amount is not None else amount

    def decimal(self, row: Model) -> Decimal | int | None:
        """For a file: 410.31."""
        amount, currency = getattr(row, self.__name__), self.currency_of(row)
        return to_decimal(amount, currency) if currency and amount is not None else amount


class ShowsAmounts:
    """For screens whose rows hold money. money_fields: those in minor units."""

    money_fields: tuple[str, ...] = ()

    @staticmethod
    def currency_of(row: Any) -> str:
        """The currency of a row's amounts, in lower case."""
        return str(row.currency)

    @cached_property
    def _as_money(self) -> dict[Any, Amount]:
        fields = self.model._meta  # type: ignore[attr-defined]
        return {name: Amount(fields.get_field(name), self.currency_of) for name in self.money_fields}

    def _shown(self, names: Sequence[Any]) -> list[Any]:
        return [self._as_money.get(name, name) for name in names]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The list's columns."""
        return self._shown(super().get_list_display(request))  # type: ignore[misc]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The page's lines."""
        return self._shown(super().get_fields(request, obj))  # type: ignore[misc]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Nobody edits an amount here."""
        return self._shown(super().get_readonly_fields(request, obj))  # type: ignore[misc]


class ReadOnlyAdmin(ShowsAmounts, admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
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


class ReadOnlyInline(ShowsAmounts, admin.TabularInline):  # type: ignore[type-arg]  # generic only in the stubs
    """Rows below what they belong to: others write them."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds by hand."""
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
