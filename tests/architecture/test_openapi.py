"""docs/openapi.yaml is what the code serves, valid, and says all that callers need."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from openapi_spec_validator import OpenAPIV31SpecValidator

from accounts.access.roles import CAPABILITIES
from seatportal.api.view import ApiView
from seatportal.checks import walk

KEPT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
OPERATIONS = {
    "getMe",
    "sendUsageEvents",
    "getSeats",
    "createQuote",
    "getQuote",
    "listOrders",
    "createOrder",
    "getOrder",
    "cancelOrder",
    "listAssignments",
    "createAssignment",
    "getAssignment",
    "deleteAssignment",
    "reassignSeat",
    "listMembers",
    "getMember",
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, op) for path, ops in schema["paths"].items() for method, op in ops.items()]


def test_the_kept_description_is_current(schema: dict[str, Any]) -> None:
    """When this fails: `manage.py spectacular --file docs/openapi.yaml`, and tell integrators what changed."""
    served = OpenApiYamlRenderer().render(schema, renderer_context={})  # type: ignore[no-untyped-call]
    assert KEPT.read_bytes() == served


def test_no_two_shapes_share_a_name() -> None:
    """The generator only warns of it, and then one operation is described by the shape of another."""
    GENERATOR_STATS.reset()

    SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]

    assert dict(GENERATOR_STATS._warn_cache) == {}
    assert dict(GENERATOR_STATS._error_cache) == {}


def test_it_is_valid_openapi(schema: dict[str, Any]) -> None:
    kept = yaml.safe_load(KEPT.read_text())

    assert kept["openapi"] == "3.1.1"
    assert list(OpenAPIV31SpecValidator(kept).iter_errors()) == []


def test_operation_ids_stay(schema: dict[str, Any]) -> None:
    """Generated clients are named after them, so they may be added but never renamed."""
    assert {op["operationId"] for _path, _method, op in operations(schema)} >= OPERATIONS


def test_every_operation_says_what_may_go_wrong(schema: dict[str, Any]) -> None:
    for path, method, op in operations(schema):
        documented = set(op["responses"])
        assert {"401", "403", "404", "406", "429"} <= documented, (path, method)
        if "requestBody" in op:
            assert {"400", "413", "415", "422"} <= documented, (path, method)
        for status, response in op["responses"].items():
            if status >= "400":
                name = response.get("$ref", "").rpartition("/")[2]
                response = schema["components"]["responses"][name] if name else response
                assert list(response["content"]) == ["application/problem+json"], (path, method, status)
        assert op["summary"], path
        assert op["description"], path
        key, token, session = op["security"]
        assert (key, session) == ({"apiKey": []}, {"session": []})
        assert set(token["oauth"]) <= set(CAPABILITIES)
        assert token["oauth"] or op["operationId"] == "getMe"


def test_every_post_takes_an_idempotency_key(schema: dict[str, Any]) -> None:
    required = {}
    for _path, method, op in operations(schema):
        keys = [p for p in op.get("parameters", []) if p["name"] == "Idempotency-Key"]
        # Usage events have ids of their own, each of which counts once; a question changes nothing.
        assert len(keys) == (method == "post" and op["operationId"] not in ("sendUsageEvents", "checkEntitlements"))
        for key in keys:
            required[op["operationId"]] = key.get("required", False)
    assert {name for name, needed in required.items() if needed} == {"createOrder"}


def test_every_endpoint_names_its_capability() -> None:
    """HasCapability reads it; one that does not say would answer 500, and a new one is found here."""
    views = [
        getattr(route.callback, "cls", None)
        for path, route in walk(get_resolver().url_patterns)
        if path.startswith("api/v1/")
    ]
    assert len(views) > 10
    for view in views:
        assert view is not None
        assert issubclass(view, ApiView)
        rule = view.required_capability
        named = set(rule.values()) if isinstance(rule, dict) else {rule}
        assert named <= set(CAPABILITIES) | {None}, view
        if isinstance(rule, dict):
            methods = {method.upper() for method in view.http_method_names if hasattr(view, method)}
            assert methods <= set(rule), view
