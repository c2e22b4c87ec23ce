"""Event destinations and thin events: the part of `/v2/core` that tells a shop what happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from . import thin
from .errors import Obj, StripeError, missing
from .events import emit_to, ping
from .fields import merged
from .routes import route
from .webhooks import new_secret
from .world import API_VERSION, Request, World

_KIND = "v2.core.event_destination"


def _shown(destination: Obj, *, secret: bool = False) -> Obj:
    """The destination; its signing secret only where it was asked for on creation."""
    endpoint = dict(destination["webhook_endpoint"])
    if secret:
        endpoint["signing_secret"] = destination["_secrets"][0]
    return destination | {"webhook_endpoint": endpoint}


@route("POST", "/v2/core/event_destinations")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    for name in ("enabled_events", "event_payload", "name", "type"):
        if not params.get(name):
            raise StripeError(f"Missing required field: {name}.", code="missing_required_field", param=name)
    if params["type"] != "webhook_endpoint":
        raise StripeError("The local Stripe simulator sends to webhook endpoints only.", param="type")
    if params["event_payload"] not in ("thin", "snapshot"):
        raise StripeError("event_payload must be thin or snapshot.", param="event_payload")
    url = (params.get("webhook_endpoint") or {}).get("url", "")
    if urlsplit(url).scheme not in ("http", "https"):
        raise StripeError("Invalid URL: URL must begin with http or https.", param="webhook_endpoint.url")
    is_thin = params["event_payload"] == "thin"
    now = thin.moment(world.now())
    destination = world.store.add(_KIND, {
        "id": world.new_id("we"), "object": _KIND, "created": now, "updated": now, "livemode": False,
        "description": params.get("description", ""), "enabled_events": params["enabled_events"],
        "event_payload": params["event_payload"], "events_from": params.get("events_from", ["@self"]),
        "metadata": merged(None, params.get("metadata")), "name": params["name"],
        "snapshot_api_version": None if is_thin else params.get("snapshot_api_version", API_VERSION),
        "status": "enabled", "status_details": None, "type": "webhook_endpoint", "webhook_endpoint": {"url": url},
        "_secrets": [new_secret(world)],
    })  # fmt: skip
    return _shown(destination, secret="webhook_endpoint.signing_secret" in params.get("include", ()))


@route("GET", "/v2/core/event_destinations")
def list_destinations(request: Request) -> Obj:
    return _page(request, [_shown(row) for row in request.world.store.all(_KIND)][::-1])


@route("GET", "/v2/core/event_destinations/{id}")
def retrieve(request: Request) -> Obj:
    return _shown(request.world.store.get(_KIND, request.id))


@route("POST", "/v2/core/event_destinations/{id}")
def update(request: Request) -> Obj:
    params = request.params
    destination = _changing(request)
    for name in ("description", "enabled_events", "name"):
        if name in params:
            destination[name] = params[name]
    if url := (params.get("webhook_endpoint") or {}).get("url"):
        destination["webhook_endpoint"] = {"url": url}
    destination["metadata"] = merged(destination["metadata"], params.get("metadata"))
    return _shown(destination)


@route("DELETE", "/v2/core/event_destinations/{id}")
def delete(request: Request) -> Obj:
    request.world.store.get(_KIND, request.id)
    request.world.store.remove(_KIND, request.id)
    return {"id": request.id, "object": _KIND}


@route("POST", "/v2/core/event_destinations/{id}/disable")
def disable(request: Request) -> Obj:
    destination = _changing(request)
    destination |= {"status": "disabled", "status_details": {"disabled": {"reason": "user"}}}
    return _shown(destination)


@route("POST", "/v2/core/event_destinations/{id}/enable")
def enable(request: Request) -> Obj:
    destination = _changing(request)
    destination |= {"status": "enabled", "status_details": None}
    return _shown(destination)


@route("POST", "/v2/core/event_destinations/{id}/ping")
def send_ping(request: Request) -> Obj:
    """Send a `v2.core.event_destination.ping` that names the destination."""
    destination = request.world.store.get(_KIND, request.id)
    event = ping(request.world, destination)
    emit_to(request.world, event, destination["id"])
    return _thin_of_ping(event)


def _changing(request: Request) -> Obj:
    destination = request.world.store.change(_KIND, request.id)
    destination["updated"] = thin.moment(request.world.now())
    return destination


@route("GET", "/v2/core/events")
def list_events(request: Request) -> Obj:
    params = request.params
    created = params.get("created") or {}
    found = [
        event
        for event in _events(request.world)
        if ("types" not in params or event["type"] in _listed(params["types"]))
        and ("object_id" not in params or event["related_object"]["id"] == params["object_id"])
        and all(_COMPARE[name](event["created"], limit) for name, limit in created.items())
    ]
    return _page(request, found)


_COMPARE: dict[str, Any] = {
    "gt": lambda at, limit: at > limit, "gte": lambda at, limit: at >= limit,
    "lt": lambda at, limit: at < limit, "lte": lambda at, limit: at <= limit,
}  # fmt: skip


def _listed(value: Any) -> list[str]:
    return list(value.values()) if isinstance(value, dict) else [value]


@route("GET", "/v2/core/events/{id}")
def retrieve_event(request: Request) -> Obj:
    store, id = request.world.store, request.id
    if (found := store.find("_ping", id)) is not None:
        return _thin_of_ping(found)
    snapshot = store.find("event", thin.snapshot_id(id))
    event = next((event for event in thin.of(snapshot) if event["id"] == id), None) if snapshot else None
    if event is None:
        raise missing("v2.core.event", id)
    return event


def _events(world: World) -> Iterator[Obj]:
    """Newest first."""
    for event in world.store.newest_first("event"):
        yield from reversed(thin.of(event))


def _thin_of_ping(event: Obj) -> Obj:
    return {name: value for name, value in event.items() if name[0] != "_"}


def _page(request: Request, rows: list[Obj]) -> Obj:
    """A page of the v2 API: the address of the next one says where it begins."""
    start, limit = int(request.params.get("page", 0)), int(request.params.get("limit", 20))
    if not 1 <= limit <= 100:
        raise StripeError("limit must be between 1 and 100.", param="limit")
    more = start + limit < len(rows)
    following = f"{request.path}?page={start + limit}&limit={limit}" if more else None
    return {"data": rows[start : start + limit], "next_page_url": following, "previous_page_url": None}
