"""Answers held against Stripe's own description: what is missing, unknown, of another type or not in an enum. Pure."""

from __future__ import annotations

from typing import Any

from .errors import Obj
from .shapes import described

_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,), "number": (int, float), "boolean": (bool,), "string": (str,), "array": (list,),
    "object": (dict,),
}  # fmt: skip
# Fields that Stripe's answers have and its description leaves out.
_KNOWN_EXTRAS = {"list": {"total_count"}}


def of_answer(operation: str, body: Obj) -> list[str]:
    """The deviations of a successful answer, each as `path: what is wrong`."""
    schema = described()["responses"].get(operation)
    found = [] if schema is None else _check(schema, body, "")
    if body.get("object") == "event":
        found += of_event(body)
    elif body.get("object") == "list":
        for number, row in enumerate(body["data"]):
            if row.get("object") == "event":
                found += [f"data[{number}].{text}" for text in of_event(row)]
    return found


def of_event(event: Obj) -> list[str]:
    """The deviations of the object that an event carries, which the description of events leaves open."""
    inner = event["data"]["object"]
    schema = {"$ref": f"#/components/schemas/{inner['object']}"}
    found = _check({"$ref": "#/components/schemas/event"}, event, "")
    if inner["object"] not in described()["objects"]:
        return [*found, f"data.object: {inner['object']} is not described"]
    return found + _check(schema, inner, "data.object")


def of_error(body: Obj) -> list[str]:
    """The deviations of an error's envelope."""
    return _check({"$ref": "#/components/schemas/api_errors"}, body["error"], "error")


def _check(schema: Obj, value: Any, at: str) -> list[str]:
    if value is None and schema.get("nullable"):
        return []
    if "$ref" in schema:
        return _check(described()["objects"][schema["$ref"].rpartition("/")[2]], value, at)
    if "anyOf" in schema:
        return _any(schema["anyOf"], value, at)
    if value is None and ("type" in schema or "properties" in schema):
        return [f"{at}: is null"]
    wanted = _TYPES.get(schema.get("type", "object" if "properties" in schema else ""))
    if wanted is not None and (not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)):
        return [f"{at}: is a {type(value).__name__}, not a {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {', '.join(map(str, schema['enum']))}"]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [text for number, item in enumerate(value) for text in _check(items, item, f"{at}[{number}]")]
    if isinstance(value, dict):
        return _object(schema, value, at)
    return []


def _any(choices: list[Obj], value: Any, at: str) -> list[str]:
    """The deviations from the choice that comes nearest; none when one fits."""
    tried = [_check(choice, value, at) for choice in choices]
    if not all(tried):
        return []
    # Of an object, what is wrong inside it says more than that it is no string.
    inside = [found for found in tried if not any(text.startswith(f"{at}: is a ") for text in found)]
    return min(inside or tried, key=len)


def _object(schema: Obj, value: Obj, at: str) -> list[str]:
    properties: Obj = schema.get("properties", {})
    found = [f"{_name(at, name)}: is missing" for name in schema.get("required", ()) if name not in value]
    inner = schema.get("additionalProperties")
    extras = _KNOWN_EXTRAS.get(str(value.get("object")), set())
    for name, item in value.items():
        if name in properties:
            found += _check(properties[name], item, _name(at, name))
        elif isinstance(inner, dict):
            found += _check(inner, item, _name(at, name))
        elif properties and inner is not True and name not in extras:
            found.append(f"{_name(at, name)}: is unknown")
    return found


def _name(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
