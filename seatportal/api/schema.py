"""The OpenAPI description: names, problems and headers of every operation, and how callers sign in."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from accounts.access.api import ACCOUNT_HEADER
from accounts.access.roles import CAPABILITIES
from accounts.errors import CapabilityMissing
from seatportal.api.conditions import HEADER as IF_MATCH
from seatportal.api.conditions import Changed, ConditionMissing
from seatportal.api.errors import MEDIA_TYPE
from seatportal.api.headers import RATE_HEADERS, REQUEST_ID
from seatportal.api.idempotency import HEADER, LONGEST_KEY, REPLAYED, KeyInUse, KeyInvalid, KeyMissing, KeyReused
from seatportal.kit.errors import PortalError

PROBLEMS = "x-problems"

type Problem = type[PortalError]
type Coded = tuple[int, str, str]

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457. Decide by `code`; `title` is for people, in the language of Accept-Language.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:seat-portal:problem:seat_limit_reached"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "examples": ["seat_limit_reached"]},
        "errors": {
            "type": "array",
            "description": "The fields that need another value.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "additionalProperties": True,
}


class Described(AutoSchema):
    """drf-spectacular's, which also knows what is on its way out."""

    def is_deprecated(self) -> bool:
        """As its answers say in their headers."""
        return getattr(self.view, "deprecation", None) is not None or bool(super().is_deprecated())


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer sp_live_…`, or a token of an OAuth client."""

    target_class = "accounts.access.api.ApiKeyAuthentication"
    name = ["apiKey", "oauth"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Either of them; a token with the scope that the method needs."""
        rule = auto_schema.view.required_capability
        needed = rule[auto_schema.method] if isinstance(rule, Mapping) else rule
        return [{"apiKey": []}, {"oauth": [needed] if needed else []}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """A key or a client of one account, with scopes."""
        with override("en"):
            scopes = {name: str(meaning) for name, meaning in CAPABILITIES.items()}
        flow = {"tokenUrl": reverse("oauth-token", urlconf="seatportal.urls"), "scopes": scopes}
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key: sp_live_… or sp_test_…"},
            {
                "type": "oauth2",
                "description": "A token for an OAuth client's id and secret; it works for 15 minutes.",
                "flows": {"clientCredentials": flow},
            },
        ]


class BrowserSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The portal's own pages."""

    target_class = "accounts.access.api.BrowserSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The session's cookie; writing needs the CSRF token, several accounts need a header."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": f"A signed-in browser. Several accounts: name one in `{ACCOUNT_HEADER}`.",
        }


def operation[V: Callable[..., Any]](
    operation_id: str,
    *,
    tag: str,
    summary: str,
    answers: Mapping[int, Any],
    body: Any = None,
    query: Any = None,
    problems: Sequence[Problem] = (),
    examples: Mapping[str, Any] | None = None,
    if_match: str = "",
) -> Callable[[V], V]:
    """Describe one method of an endpoint. The docstring becomes its description.

    answers: status to shape. problems: what the verb may raise. examples: title to a body that works.
    if_match: `optional` or `required`, where the method holds it against the ETag.
    """

    def decorate(method: V) -> V:
        mode = getattr(method, "idempotency", None)
        parameters: list[Any] = [query] if query else []
        found = list(problems)
        if mode:
            parameters.append(_key_parameter(required=mode == "required"))
            found += [KeyReused, KeyInUse, KeyInvalid, *([KeyMissing] if mode == "required" else [])]
        if if_match:
            parameters.append(_condition_parameter(required=if_match == "required"))
            found += [Changed, *([ConditionMissing] if if_match == "required" else [])]
        describe = extend_schema(
            operation_id=operation_id,
            summary=summary,
            tags=[tag],
            request=body,
            parameters=parameters,
            responses={
                status: shape if shape is not None else OpenApiResponse(description=HTTPStatus(status).phrase)
                for status, shape in answers.items()
            },
            examples=[
                OpenApiExample(title, value=value, request_only=True) for title, value in (examples or {}).items()
            ],
            extensions={PROBLEMS: [_coded(problem) for problem in found]},
        )
        described: V = describe(method)
        return described

    return decorate


def add_problem_responses(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: every answer that a caller may get stands in the description."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    components["headers"] = {
        **{name: {"description": text, "schema": {"type": "integer"}} for name, text in RATE_HEADERS.items()},
        REQUEST_ID: {"description": "Quote it when you ask for help.", "schema": {"type": "string"}},
        REPLAYED: {
            "description": "`true`: the first answer to this Idempotency-Key once more.",
            "schema": {"type": "string", "enum": ["true"]},
        },
    }
    shared: dict[str, Any] = components.setdefault("responses", {})
    components["headers"]["ETag"] = {
        "description": "Send it back in If-None-Match or If-Match.",
        "schema": {"type": "string"},
    }
    for methods in result["paths"].values():
        for method, described in methods.items():
            for body in described.get("requestBody", {}).get("content", {}).values():
                # Input refuses unknown fields.
                one = body["schema"].get("items", body["schema"])
                components["schemas"][one["$ref"].rpartition("/")[2]]["additionalProperties"] = False
            responses = described["responses"]
            for status, response in responses.items():
                response.setdefault("headers", {}).update(_headers(method, status))
            common, special = _common(described), described.pop(PROBLEMS, [])
            for status in sorted({status for status, _code, _text in [*common, *special]}):
                answer = _response(status, [*common, *special])
                if not any(special_status == status for special_status, _code, _text in special):
                    answer = _refer(shared, _name(status, common), answer)
                responses[str(status)] = answer
    return result


def _name(status: int, common: Sequence[Coded]) -> str:
    """The shared answer's name: what it says, in one word."""
    codes = [code for answered, code, _text in common if answered == status]
    return "".join(word.title() for word in codes[-1].split("_"))


def _refer(shared: dict[str, Any], name: str, answer: dict[str, Any]) -> dict[str, str]:
    """Keep an answer that many operations have once."""
    shared.setdefault(name, answer)
    return {"$ref": f"#/components/responses/{name}"}


def _common(described: dict[str, Any]) -> list[Coded]:
    """What every operation of its kind may answer."""
    found: list[Coded] = [
        (401, "not_authenticated", "No API key and no session."),
        (401, "authentication_failed", "The API key or token is unknown, revoked or has ended."),
        _coded(CapabilityMissing),
        (403, "permission_denied", "A session without its CSRF token."),
        (404, "not_found", "Nothing here that this caller may know of."),
        (406, "not_acceptable", "The API answers in JSON."),
        (400, "account_not_named", "A session with several accounts has to name one."),
        (429, "throttled", "Too many requests; wait for Retry-After seconds."),
    ]
    if "requestBody" in described:
        found += [
            (400, "parse_error", "The body is not JSON."),
            (413, "body_too_large", "The body is too large."),
            (415, "unsupported_media_type", "The body has to be application/json."),
        ]
    if "requestBody" in described or any(p["in"] == "query" for p in described.get("parameters", [])):
        found.append((422, "validation_failed", "Some fields need another value; `errors` names them."))
    return found


def _coded(problem: Problem) -> Coded:
    with override("en"):
        return problem.status, problem.code, str(problem.message) or (problem.__doc__ or "").strip()


def _response(status: int, problems: Sequence[Coded]) -> dict[str, Any]:
    codes = {code: text for answered, code, text in problems if answered == status}
    listed = "\n".join(f"- `{code}`: {text}" for code, text in codes.items())
    return {
        "description": f"{HTTPStatus(status).phrase}\n\n{listed}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "headers": _headers("", str(status)),
    }


def _headers(method: str, status: str) -> dict[str, Any]:
    names = [*RATE_HEADERS, REQUEST_ID]
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    if method == "post" and status.startswith("2"):
        headers[REPLAYED] = {"$ref": f"#/components/headers/{REPLAYED}"}
    if status in ("429", "503"):
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}  # type: ignore[dict-item]
    return headers


def _key_parameter(*, required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        HEADER,
        {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
        OpenApiParameter.HEADER,
        required=required,
        description="A value of your own, such as a UUID. A repeat with the same key gets the first answer.",
    )


def _condition_parameter(*, required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        IF_MATCH,
        {"type": "string", "minLength": 1, "pattern": "^[!-~]+$"},
        OpenApiParameter.HEADER,
        required=required,
        description="The ETag of what you have read; nothing is done if it has changed since.",
    )
