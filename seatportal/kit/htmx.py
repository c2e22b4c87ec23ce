"""Rendering for people with and without JavaScript."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
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


def path_here(request: HttpRequest, address: str) -> str:
    """The path and query of an address on this site; empty for one elsewhere, so that nobody is led away."""

    def ours(one: str) -> bool:
        return url_has_allowed_host_and_scheme(one, {request.get_host()}, require_https=request.is_secure())

    if not ours(address):
        return ""
    path = urlsplit(address)._replace(scheme="", netloc="", fragment="").geturl()
    # "//elsewhere" is a path on this site, and an address of its own once it stands alone.
    return path if ours(path) else ""
