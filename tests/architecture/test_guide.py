"""The guides for integrators say what the code serves: scopes, bodies and answers."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from accounts.access.roles import CAPABILITIES

DOCS = Path(__file__).resolve().parents[2] / "docs"
API = (DOCS / "api.md").read_text()
# Not ours to describe: RFC 6749, section 5.1.
TOKEN = {"access_token": str, "expires_in": int, "token_type": str, "scope": str}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def commands(block: str) -> list[str]:
    """Whole curl commands of a block of shell."""
    text = block.replace("\\\n", " ")
    return ["curl" + one for one in re.split(r"^curl", text, flags=re.M)[1:]]


def operation_of(schema: dict[str, Any], command: str) -> dict[str, Any]:
    """The operation that a command calls."""
    address = re.search(r"(/api/v1/[^\s\"?]+)", command)
    assert address is not None, command
    shape = re.sub(r"/(\w+_…|\w+@[\w.]+|\$\w+|\d+)", "/[^/]+", address[1])
    method = re.search(r"-X (\w+)", command)
    name = method[1].lower() if method else "post" if "-d '" in command else "get"
    # The literal address before one with a parameter.
    paths = sorted((path for path in schema["paths"] if re.fullmatch(shape, path)), key=lambda path: path.count("{"))
    found = [schema["paths"][path][name] for path in paths if name in schema["paths"][path]]
    assert found, command
    operation: dict[str, Any] = found[0]
    return operation


def check(schema: dict[str, Any], shape: dict[str, Any], value: Any) -> None:
    """Raises unless the value has the shape, with every field of it and no other."""
    whole = {"components": closed(schema["components"]), **closed(shape)}
    jsonschema.Draft202012Validator(whole).validate(value)


def closed(shape: Any) -> Any:
    """The same, without room for fields that are not described."""
    if isinstance(shape, list):
        return [closed(one) for one in shape]
    if not isinstance(shape, dict):
        return shape
    found = {name: closed(value) for name, value in shape.items()}
    if isinstance(found.get("properties"), dict) and found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


def body_of(described: dict[str, Any]) -> dict[str, Any]:
    """The JSON that an answer or a request has."""
    found: dict[str, Any] = described["content"]["application/json"]["schema"]
    return found


def samples(text: str) -> list[tuple[str, Any]]:
    """Each sample of JSON with the block of shell before it."""
    blocks = re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)
    return [
        (next((code for kind, code in reversed(blocks[:at]) if kind == "sh"), ""), json.loads(body))
        for at, (kind, body) in enumerate(blocks)
        if kind == "json"
    ]


def test_the_scopes_of_the_guide_are_those_that_there_are() -> None:
    table = API.partition("| To | Scope |")[2].partition("\n\n")[0]
    named = re.findall(r"`([a-z.]+)`", table)
    assert sorted(named) == sorted(CAPABILITIES)


@pytest.mark.parametrize("page", ["api.md", "webhooks.md"])
def test_every_address_of_the_guides_is_described(schema: dict[str, Any], page: str) -> None:
    """With its method: what is copied from a guide never meets a 404 or 405 of the map."""
    blocks = re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    called = [one for block in blocks for one in commands(block) if "/api/v1/" in one]
    assert called
    for command in called:
        assert operation_of(schema, command)


def test_every_body_of_the_guides_is_taken(schema: dict[str, Any]) -> None:
    sent = 0
    for block in re.findall(r"```sh\n(.*?)```", API + (DOCS / "webhooks.md").read_text(), re.DOTALL):
        for command in commands(block):
            body = re.search(r"-d '(.*?)'", command, re.DOTALL)
            if body is None or "/api/v1/" not in command:
                continue
            operation = operation_of(schema, command)
            assert "requestBody" in operation, command
            check(schema, body_of(operation["requestBody"]), json.loads(body[1]))
            sent += 1
    assert sent > 20


def test_every_answer_of_the_guide_is_one(schema: dict[str, Any]) -> None:
    found = samples(API)
    for block, value in found:
        if "/api/oauth/token" in block:
            assert {name: type(one) for name, one in value.items()} == TOKEN
        elif value.get("status", 0) in range(400, 600):
            check(schema, {"$ref": "#/components/schemas/Problem"}, value)
        else:
            answers = operation_of(schema, commands(block)[-1])["responses"]
            check(schema, body_of(answers[min(answers)]), value)
    assert len(found) > 3


def test_the_message_of_the_webhooks_guide_is_one(schema: dict[str, Any]) -> None:
    (_, value) = samples((DOCS / "webhooks.md").read_text())[0]
    check(schema, body_of(schema["webhooks"][value["type"]]["post"]["requestBody"]), value)
