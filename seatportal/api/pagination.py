"""Cursor pages: stable while rows come and go, equally fast on the last page."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """`?limit=` up to 200; `next` and `previous` are links to follow as they are."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
