"""Cursor pages: stable while rows come and go, equally fast on the last page."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Protocol

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.utils.urls import remove_query_param, replace_query_param


class CursorPages(CursorPagination):
    """`?limit=` up to 200; `next` and `previous` are links to follow as they are."""

    # What rows are sorted by: `id`, a `day`, a moment (`…_at`), or a text that is there once.
    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int:
        """A limit that makes no sense is refused, not replaced in silence."""
        raw = request.query_params.get("limit")
        if raw is None:
            return int(self.page_size)
        if not (raw.isascii() and raw.isdecimal() and 1 <= int(raw[:9]) <= self.max_page_size):
            raise ValidationError({"limit": _("Use a number from 1 to %(max)d.") % {"max": self.max_page_size}})
        return int(raw)

    def decode_cursor(self, request: Request) -> Any:
        """A cursor that we did not make is the caller's mistake in a field."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound as error:
            raise ValidationError({"cursor": _("Follow the links next and previous as they are.")}) from error
        if cursor is not None and cursor.position is not None and not self._is_position(str(cursor.position)):
            raise ValidationError({"cursor": _("Follow the links next and previous as they are.")})
        return cursor

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        """What the view says. Of one moment there may be several, which then stand by id, the same on each page."""
        order = str(getattr(view, "page_order", self.ordering))
        return (order, "-id") if order.endswith("_at") else (order,)

    def _is_position(self, text: str) -> bool:
        """Positions reach the database as they are, so each has to be what is sorted by."""
        key = self.ordering[0].removeprefix("-")
        if key == "id":
            return text.isascii() and text.isdecimal() and len(text) < 19
        if key == "day" or key.endswith("_at"):
            with suppress(ValueError):
                moment = datetime.fromisoformat(text)
                return moment.tzinfo is not None or date.fromisoformat(text).isoformat() == text
            return False
        return "\0" not in text

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """All three are always there; OpenAPI 3.1 has no `nullable`."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }


class Named(Protocol):
    """A row that a cursor can name."""

    @property
    def id(self) -> str:
        """Once in the list."""


def page_of_list(request: Request, found: Sequence[Named], shape: type[BaseSerializer[Any]]) -> Response:
    """As every list, of what stands in several tables: `cursor` is the id of the last row of the page before."""
    size = CursorPages().get_page_size(request)
    after = request.query_params.get("cursor", "")
    ids = [row.id for row in found]
    if after and after not in ids:
        raise ValidationError({"cursor": _("Follow the links next and previous as they are.")})
    start = ids.index(after) + 1 if after else 0
    address = request.build_absolute_uri()

    def link(cursor: str) -> str:
        return str(replace_query_param(address, "cursor", cursor) if cursor else remove_query_param(address, "cursor"))

    return Response(
        {
            "next": link(ids[start + size - 1]) if start + size < len(ids) else None,
            "previous": None if not start else link(ids[start - size - 1] if start > size else ""),
            "results": shape(found[start : start + size], many=True).data,
        }
    )
