"""Every event in the API's description, as OpenAPI 3.1 has a place for it."""

from typing import Any

from django.utils.translation import override

from accounts.webhooks.catalog import KINDS, MOMENT, NUMBER, TEST, TEXT, Kind, Schema, shape

HEADERS = {
    "webhook-id": "The event's id: the same in every try and replay, so take each once.",
    "webhook-timestamp": "When this try was made, in unix seconds. Refuse what is older than five minutes.",
    "webhook-signature": "One or more of `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.",
}
ABOUT = (
    "Answer with 2xx within 15 seconds; anything else is tried again for three days. `sequence` grows by one with each "
    "event of the account, so order by it; `0` stands for a test."
)


def add_webhooks(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook."""
    tested = Kind("Somebody asked for a test", shape(endpoint=shape(id=TEXT)))
    with override("en"):
        result["webhooks"] = {name: _webhook(name, kind) for name, kind in {**KINDS, TEST: tested}.items()}
    return result


def _webhook(name: str, kind: Kind) -> dict[str, Any]:
    return {
        "post": {
            "operationId": "on" + "".join(word.title() for word in name.replace(".", "_").split("_")),
            "summary": str(kind.says),
            "description": ABOUT,
            "tags": ["webhooks"],
            "parameters": [
                {"name": header, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
                for header, text in HEADERS.items()
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": payload_schema(name, kind)}}},
            "responses": {"2XX": {"description": "Taken."}},
        }
    }


def payload_schema(name: str, kind: Kind) -> Schema:
    """A whole body."""
    return shape(
        id=TEXT,
        type={"type": "string", "const": name},
        timestamp=MOMENT,
        sequence=NUMBER,
        account=shape(id=TEXT, slug=TEXT),
        data=kind.data,
    )
