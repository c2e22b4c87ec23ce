"""Rendering for people with and without JavaScript."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request as django-htmx hands it on."""

    htmx: HtmxDetails


def render_part(
    request: HttpRequest, template: str, part: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render the partial `part` of `template` for htmx, or the whole page otherwise."""
    details: HtmxDetails | None = getattr(request, "htmx", None)
    alone = details is not None and bool(details) and not details.boosted
    return render(request, f"{template}#{part}" if alone else template, context, status=status)
