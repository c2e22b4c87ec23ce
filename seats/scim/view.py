"""The one door under /scim/v2/: who calls, how often, how much; then the protocol."""

import json
from http import HTTPStatus

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from scim2_models import Error, InvalidSyntaxException, PayloadTooLargeException, SCIMException, UnauthorizedException
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from accounts.access.actor import Actor, client_ip
from accounts.access.pages import public
from accounts.directory.authenticate import authenticate_directory
from accounts.models import ScimConnection
from seatportal.api.headers import REQUEST_ID
from seatportal.api.throttling import count_request
from seatportal.kit.clock import now
from seats.scim.filters import as_standard
from seats.scim.schema import MOST_BYTES
from seats.scim.service import SERVICE, Handler
from seats.scim.storage import AccountStorage

log = structlog.get_logger(__name__)
READS = ("GET", "HEAD")
RETRY_SECONDS = 5


@csrf_exempt
@public
def scim(request: HttpRequest, path: str) -> HttpResponse:
    """Serve one request of a directory. Every answer, also a refusal, has SCIM's form."""
    base_url = request.build_absolute_uri("/scim/v2")
    try:
        answer = _serve(request, base_url, path)
    except SCIMException as error:
        answer = SERVICE.error_response(error)
    except OperationalError as error:  # the database was away, or stopped one of two that waited for each other
        log.warning("scim_not_served", error=str(error))
        answer = _problem(HTTPStatus.SERVICE_UNAVAILABLE, "This could not be done now. Send it again.")
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    except Exception:
        log.exception("scim_failed", method=request.method, path=path)
        answer = _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something failed on our side.")
    return _http(answer)


def _serve(request: HttpRequest, base_url: str, path: str) -> ScimResponse:
    connection = _caller(request)
    counted = count_request("scim", f"scim:{connection.pk}" if connection else f"ip:{client_ip(request)}")
    if counted is not None and not counted[1]:
        answer = _problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests. Wait, then send it again.")
        answer.headers["Retry-After"] = str(counted[0].reset)
        return answer
    if connection is None:
        raise UnauthorizedException(detail="This token is unknown, was replaced, or its connection was ended.")
    actor = Actor(
        user=None,
        directory=connection,
        door="scim",
        ip=client_ip(request),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:40],
    )
    method = "GET" if request.method == "HEAD" else str(request.method)
    reads = method in READS or path.rstrip("/").endswith(".search")
    storage = AccountStorage(account=connection.account, actor=actor, writes=not reads)
    query = {name: str(text) for name, text in request.GET.items()}
    if "filter" in query:
        query["filter"] = as_standard(query["filter"])
    wanted = ScimRequest(
        method=method,
        base_url=base_url,
        path=f"/{path}".removesuffix(".scim"),
        query=query,
        headers=dict(request.headers),
        body=_body(request),
        subject=connection,
    )
    if any("\0" in text for text in (wanted.path, *wanted.query.values())):
        raise InvalidSyntaxException(detail="NUL is no character of any text here.")
    return Handler(SERVICE, storage).handle(wanted)


def _caller(request: HttpRequest) -> ScimConnection | None:
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return authenticate_directory(secret.strip(), now()) if scheme.lower() == "bearer" else None


def _body(request: HttpRequest) -> bytes:
    too_large = PayloadTooLargeException(detail=f"A body has {MOST_BYTES} bytes at most.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > min(MOST_BYTES, settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
        raise too_large
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise too_large from error
    # PostgreSQL has no text with NUL.
    if b"\0" in body or b"\\u0000" in body:
        raise InvalidSyntaxException(detail="NUL is no character of any text here.")
    return body


def _problem(status: HTTPStatus, detail: str) -> ScimResponse:
    return ScimResponse(status, Error(status=status, detail=detail).model_dump())


def _http(answer: ScimResponse) -> HttpResponse:
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    response = HttpResponse(body, status=answer.status, headers=answer.headers)
    response.headers.setdefault("Cache-Control", "private, no-store")
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    if request_id:
        response.headers[REQUEST_ID] = request_id[:128]
    return response
