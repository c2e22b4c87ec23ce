"""Every refusal as RFC 9457 problem+json with a stable code."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from seatportal.kit.errors import PortalError

MEDIA_TYPE = "application/problem+json"


def problem(
    *, status: int, code: str, title: str, errors: list[dict[str, str]] | None = None, **extra: Any
) -> Response:
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
    return Response(body, status=status, content_type=MEDIA_TYPE)


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: our errors and DRF's; anything else is a bug and stays a 500."""
    from rest_framework.views import set_rollback  # noqa: PLC0415  DRF's views import this module by the settings

    set_rollback()
    if isinstance(error, PortalError):
        fields = [{"field": error.field, "message": str(error)}] if error.field else None
        return problem(status=error.status, code=error.code, title=str(error), errors=fields, **error.data)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        return problem(
            status=422,
            code="validation_failed",
            title=_("Some fields need another value."),
            errors=list(_fields(error.detail)),
        )
    if not isinstance(error, exceptions.APIException):
        return None
    code = error.get_codes()
    answer = problem(
        status=error.status_code, code=code if isinstance(code, str) else "error", title=str(error.detail)
    )
    if isinstance(error, exceptions.Throttled) and error.wait:
        answer["Retry-After"] = str(int(error.wait) + 1)
    header = getattr(error, "auth_header", None)
    if header:
        answer["WWW-Authenticate"] = header
    return answer


def _fields(detail: Any, path: str = "") -> Any:
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
