"""Events: what happened, with the object as it stood."""

from __future__ import annotations

from .errors import Obj, StripeError
from .fields import copied
from .lists import page
from .render import render
from .routes import route
from .world import API_VERSION, Request, World


def emit(world: World, type: str, obj: Obj, previous: Obj | None = None) -> None:
    """Record an event, and leave one delivery for every endpoint that asked for its type."""
    data: Obj = {"object": copied(render(world, obj))}
    if previous is not None:
        data["previous_attributes"] = copied(previous)
    endpoints = [e for e in world.store.all("webhook_endpoint") if _wanted(e, type)]
    origin = world.origin
    event = world.create(
        "event",
        "evt",
        api_version=API_VERSION,
        created=world.now_of(obj),
        data=data,
        pending_webhooks=len(endpoints),
        request={
            "id": origin.request_id if origin else None,
            "idempotency_key": origin.idempotency_key if origin else None,
        },
        type=type,
        _failed=False,
    )
    for endpoint in endpoints:
        delivery = {"id": f"{event['id']}:{endpoint['id']}", "event": event["id"], "endpoint": endpoint["id"]}
        world.store.add("_delivery", delivery | {"tries": 0})


def differences(before: Obj, after: Obj) -> Obj:
    """`previous_attributes`: what the fields that changed held before."""
    return {key: before.get(key) for key, value in after.items() if key[0] != "_" and before.get(key) != value}


def _wanted(endpoint: Obj, type: str) -> bool:
    return endpoint["status"] == "enabled" and bool({"*", type} & set(endpoint["enabled_events"]))


@route("GET", "/v1/events")
def list_events(request: Request) -> Obj:
    params = request.params
    types = params.get("types") or ([params["type"]] if "type" in params else None)
    if types is not None and len(types) > 20:
        raise StripeError("You may not provide more than 20 event types.", param="types")
    found = [
        event
        for event in request.world.store.all("event")
        if (types is None or any(_matches(event["type"], wanted) for wanted in types))
        and ("delivery_success" not in params or _delivered(event) == params["delivery_success"])
    ]
    return page(request, found, "event")


def _matches(type: str, wanted: str) -> bool:
    return type == wanted or (wanted.endswith("*") and type.startswith(wanted[:-1]))


def _delivered(event: Obj) -> bool:
    return event["pending_webhooks"] == 0 and not event["_failed"]


@route("GET", "/v1/events/{id}")
def retrieve_event(request: Request) -> Obj:
    return request.world.store.get("event", request.id)
