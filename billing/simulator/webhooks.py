"""Webhook endpoints. `courier` delivers to them."""

from __future__ import annotations

from urllib.parse import urlsplit

from .errors import Obj, StripeError
from .fields import assign, merged
from .lists import page
from .routes import route
from .world import Request, World


def new_secret(world: World) -> str:
    return "whsec_" + world.new_id("s", 32)[2:]


@route("POST", "/v1/webhook_endpoints")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    if urlsplit(params["url"]).scheme not in ("http", "https"):
        raise StripeError("Invalid URL: URL must begin with http or https.", code="url_invalid", param="url")
    secret = new_secret(world)
    endpoint = world.create(
        "webhook_endpoint",
        "we",
        api_version=params.get("api_version"),
        created=world.now(),
        description=params.get("description"),
        enabled_events=params["enabled_events"],
        metadata=merged(None, params.get("metadata")),
        status="enabled",
        url=params["url"],
        _secrets=[secret],
    )
    # The secret is told once, in the answer to its creation.
    return endpoint | {"secret": secret}


@route("GET", "/v1/webhook_endpoints")
def list_endpoints(request: Request) -> Obj:
    return page(request, request.world.store.all("webhook_endpoint"), "webhook_endpoint")


@route("GET", "/v1/webhook_endpoints/{webhook_endpoint}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("webhook_endpoint", request.id, "webhook_endpoint")


@route("POST", "/v1/webhook_endpoints/{webhook_endpoint}")
def update(request: Request) -> Obj:
    endpoint = request.world.store.change("webhook_endpoint", request.id, "webhook_endpoint")
    assign(endpoint, request.params, "description", "enabled_events", "url")
    if "disabled" in request.params:
        endpoint["status"] = "disabled" if request.params["disabled"] else "enabled"
    endpoint["metadata"] = merged(endpoint["metadata"], request.params.get("metadata"))
    return endpoint


@route("DELETE", "/v1/webhook_endpoints/{webhook_endpoint}")
def delete(request: Request) -> Obj:
    request.world.store.get("webhook_endpoint", request.id, "webhook_endpoint")
    request.world.store.remove("webhook_endpoint", request.id)
    return {"id": request.id, "object": "webhook_endpoint", "deleted": True}
