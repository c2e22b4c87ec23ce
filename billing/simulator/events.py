"""Events: what happened, with the object as it stood."""

from __future__ import annotations

from . import thin
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
    destinations = [d for d in world.store.all("v2.core.event_destination") if d["status"] == "enabled"]
    endpoints += [d for d in destinations if d["event_payload"] == "snapshot" and _wanted(d, type)]
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
        emit_to(world, event, endpoint["id"])
    for destination in destinations:
        if destination["event_payload"] == "thin":
            for made in thin.of(event):
                if _wanted(destination, made["type"]):
                    emit_to(world, event, destination["id"], thin_id=made["id"])


def emit_to(world: World, event: Obj, endpoint: str, *, thin_id: str | None = None) -> None:
    """Leave one delivery of an event, due at once; again, when it was delivered before."""
    id = f"{thin_id or event['id']}:{endpoint}"
    number = 1
    while world.store.find("_delivery", id) or world.store.find("_delivered", id):
        number += 1
        id = f"{thin_id or event['id']}:{endpoint}:{number}"
    now = world.now()
    world.store.add("_delivery", {
        "id": id, "event": event["id"], "thin": thin_id, "endpoint": endpoint, "tries": 0, "first_at": now,
        "next_at": now, "answered": None,
    })  # fmt: skip


def ping(world: World, destination: Obj) -> Obj:
    """The event that tries a destination out."""
    url = f"/v2/core/event_destinations/{destination['id']}"
    return world.store.add("_ping", {
        "id": world.new_id("evt"), "object": "v2.core.event", "type": "v2.core.event_destination.ping",
        "created": thin.moment(world.now()), "livemode": False,
        "related_object": {"id": destination["id"], "type": destination["object"], "url": url},
    })  # fmt: skip


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
