"""Parameters and objects against Stripe's own description of its API."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from .endive import bring_up
from .errors import Obj, StripeError
from .forms import listed

_FILE = Path(__file__).parent / "data" / "stripe-api-shapes.json.gz"

# Nullable properties that Stripe leaves out unless they are asked for with `expand`.
_ON_REQUEST = {
    "charge": {"refunds"},
    "invoice": {"confirmation_secret", "payments"},
    "price": {"tiers", "currency_options"},
    "customer": {"sources", "subscriptions", "tax_ids", "tax", "cash_balance"},
    "checkout.session": {"line_items"},
}


@cache
def described() -> Obj:
    """Stripe's description: `requests` and `responses` by `METHOD /v1/path`, `objects` by name."""
    return bring_up(json.loads(gzip.decompress(_FILE.read_bytes())))


@cache
def _nullable(kind: str) -> tuple[str, ...]:
    properties = described()["objects"][kind]["properties"]
    skipped = _ON_REQUEST.get(kind, set())
    return tuple(name for name, schema in properties.items() if schema.get("nullable") and name not in skipped)


def blank(kind: str) -> Obj:
    """An object of that kind with every nullable property null, and in test mode."""
    test_mode = {"livemode": False} if "livemode" in described()["objects"][kind]["properties"] else {}
    return dict.fromkeys(_nullable(kind)) | test_mode


def check(operation: str, params: Obj) -> Obj:
    """The parameters with their types; raises the 400 that Stripe answers. `operation` is `METHOD /v1/path`."""
    schema = described()["requests"][operation]
    return _object(schema, params, "")


def _object(schema: Obj, value: Obj, at: str) -> Obj:
    properties: Obj = schema.get("properties", {})
    unknown = [_name(at, key) for key in value if key not in properties]
    if unknown:
        noun = "parameter" if len(unknown) == 1 else "parameters"
        raise _bad(f"Received unknown {noun}: {', '.join(unknown)}", unknown[0], "parameter_unknown")
    for key in schema.get("required", ()):
        if key not in value:
            name = _name(at, key)
            raise _bad(f"Missing required param: {name}.", name, "parameter_missing")
    return {key: _value(properties[key], item, _name(at, key)) for key, item in value.items()}


def _value(schema: Obj, value: Any, at: str) -> Any:
    if "anyOf" in schema:
        return _any(schema["anyOf"], value, at)
    match schema.get("type"):
        case "integer":
            return _integer(value, at)
        case "boolean":
            if value not in ("true", "false"):
                raise _bad(f"Invalid boolean: {_show(value)}", at, "parameter_invalid_boolean")
            return value == "true"
        case "number":
            return _number(value, at)
        case "array":
            if value == "":
                return []
            items = listed(value)
            if items is None:
                raise _bad("Invalid array", at)
            return [_value(schema.get("items", {}), item, f"{at}[{i}]") for i, item in enumerate(items)]
        case "object":
            return _mapping(schema, value, at)
        case _:
            return _string(schema, value, at)


def _any(choices: list[Obj], value: Any, at: str) -> Any:
    """The first choice that fits; "" stands for "unset this" where the description allows it."""
    if value == "" and any(choice.get("enum") == [""] for choice in choices):
        return ""
    real = [choice for choice in choices if choice.get("enum") != [""]]
    for choice in real[1:]:
        try:
            return _value(choice, value, at)
        except StripeError:
            continue
    # None of the others fits: the first one gives the value, or the error that names the usual form.
    return _value(real[0], value, at)


def _mapping(schema: Obj, value: Any, at: str) -> Obj:
    if not isinstance(value, dict):
        raise _bad("Invalid object", at)
    if "properties" in schema:
        return _object(schema, value, at)
    inner = schema.get("additionalProperties")
    if isinstance(inner, dict):
        # Metadata and its like: free keys, and "" deletes one.
        return {key: item if item == "" else _value(inner, item, _name(at, key)) for key, item in value.items()}
    return dict(value)


def _integer(value: Any, at: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise _bad(f"Invalid integer: {_show(value)}", at, "parameter_invalid_integer") from None


def _number(value: Any, at: str) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise _bad(f"Invalid decimal: {_show(value)}", at, "parameter_invalid_decimal") from None


def _string(schema: Obj, value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise _bad(f"Invalid string: {_show(value)}", at, "parameter_invalid_string")
    if "enum" in schema:
        if value not in schema["enum"]:
            names = [name for name in schema["enum"] if name]
            listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, or {names[-1]}"
            raise _bad(f"Invalid {at}: must be one of {listed}", at)
        return value
    if value == "":
        message = (
            f"You passed an empty string for '{at}'. We assume empty values are an attempt to unset a parameter;"
            f" however '{at}' cannot be unset. You should remove '{at}' from your request or supply a non-empty value."
        )
        raise _bad(message, at, "parameter_invalid_empty")
    if len(value) > schema.get("maxLength", 100_000):
        raise _bad(
            f"Invalid string: {_show(value)}; must be at most {schema['maxLength']} characters",
            at,
            "parameter_invalid_string",
        )
    return value


def _bad(message: str, param: str, code: str | None = None) -> StripeError:
    """Refused before the endpoint began, so an idempotency key does not remember it."""
    return StripeError(message, code=code, param=param, executed=False)


def _name(at: str, key: str) -> str:
    return f"{at}[{key}]" if at else key


def _show(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
