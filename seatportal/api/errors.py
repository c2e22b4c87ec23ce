"""Every refusal as RFC 9457 problem+json with a stable code."""

import math
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.defaults import server_error as server_error_page
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from seatportal.kit.errors import PortalError

MEDIA_TYPE = "application/problem+json"
# When Stripe cannot be reached, a retry makes sense after some seconds.
RETRY_SECONDS = 5


def problem_body(
    *, status: int, code: str, title: str, errors: list[dict[str, str]] | None = None, **extra: Any
) -> dict[str, Any]:
    """One problem. type is stable and documented; title is a sentence in the caller's language."""
    body: dict[str, Any] = {
        "type": f"urn:seat-portal:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        **extra,
    }
    if errors:
        body["errors"] = errors
    return body


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: our errors and DRF's; anything else is a bug and becomes `server_error`."""
    from rest_framework.views import set_rollback  # noqa: PLC0415  DRF's views import this module by the settings

    set_rollback()
    if isinstance(error, PortalError):
        return _of_portal(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        title = _("Some fields need another value.")
        return _response(status=422, code="validation_failed", title=title, errors=list(_fields(error.detail)))
    return _of_framework(error) if isinstance(error, exceptions.APIException) else None


def problem_answer(error: Exception) -> HttpResponse:
    """The same for a view without REST framework; what is no error of ours or its is raised."""
    found = problem_handler(error, {})
    if found is None:
        raise error
    headers = {**found.headers, "Content-Type": MEDIA_TYPE}
    return HttpResponse(JSONRenderer().render(found.data), status=found.status_code, headers=headers)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a problem for the API, a page for people."""
    if not request.path_info.startswith("/api/"):
        return server_error_page(request)
    body = problem_body(status=500, code="server_error", title=_("Something failed on our side."))
    return JsonResponse(body, status=500, content_type=MEDIA_TYPE)


def _response(**parts: Any) -> Response:
    return Response(problem_body(**parts), status=parts["status"], content_type=MEDIA_TYPE)


def _of_portal(error: PortalError) -> Response:
    fields = [{"field": error.field, "message": str(error)}] if error.field else None
    answer = _response(status=error.status, code=error.code, title=str(error), errors=fields, **error.data)
    wait = getattr(error, "retry_after", RETRY_SECONDS if error.status == 503 else None)
    if wait is not None:
        answer["Retry-After"] = str(wait)
    return answer


def _of_framework(error: exceptions.APIException) -> Response:
    code = error.get_codes()
    answer = _response(
        status=error.status_code, code=code if isinstance(code, str) else "error", title=str(error.detail)
    )
    wait = getattr(error, "wait", None)
    if wait is not None:
        answer["Retry-After"] = str(math.ceil(wait))
    header = getattr(error, "auth_header", None)
    if header:
        answer["WWW-Authenticate"] = header
    return answer


def _fields(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten DRF's nested messages to field paths."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _fields(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _fields(inner, f"{path}[{position}]" if nested else path)
    else:
        yield {"field": path, "message": str(detail)}
