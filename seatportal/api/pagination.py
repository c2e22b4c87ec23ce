"""Cursor pages: stable while rows come and go, equally fast on the last page."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class CursorPages(CursorPagination):
    """`?limit=` up to 200; `next` and `previous` are links to follow as they are."""

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
        # Positions are ids; anything else would reach the database as it is.
        if cursor is not None and cursor.position is not None and not str(cursor.position).isdecimal():
            raise ValidationError({"cursor": _("Follow the links next and previous as they are.")})
        return cursor
