"""Customers and test clocks that are deleted take their subscriptions along."""

from __future__ import annotations

from .errors import Obj
from .events import emit
from .routes import route
from .subscriptions import cancel_now
from .world import Request, World

_ENDED = ("canceled", "incomplete_expired")


@route("DELETE", "/v1/customers/{customer}")
def delete_customer(request: Request) -> Obj:
    world = request.world
    customer = world.store.get("customer", request.id)
    _cancel_all(world, request.id)
    emit(world, "customer.deleted", customer)
    gone = {"id": request.id, "object": "customer", "deleted": True}
    # A deleted customer can still be retrieved, as a stub.
    world.store.add("_deleted_customer", {"id": request.id, "shown": gone})
    world.store.remove("customer", request.id)
    return gone


@route("DELETE", "/v1/test_helpers/test_clocks/{test_clock}")
def delete_clock(request: Request) -> Obj:
    world, kind = request.world, "test_helpers.test_clock"
    clock = world.store.get(kind, request.id)
    for customer in world.store.all("customer"):
        if customer["test_clock"] == request.id:
            _cancel_all(world, customer["id"])
            world.store.remove("customer", customer["id"])
    emit(world, "test_helpers.test_clock.deleted", clock)
    world.store.remove(kind, request.id)
    return {"id": request.id, "object": kind, "deleted": True}


def _cancel_all(world: World, customer: str) -> None:
    for subscription in world.store.of_customer("subscription", customer):
        if subscription["status"] not in _ENDED:
            cancel_now(world, world.store.change("subscription", subscription["id"]))
