"""Test clocks: customers whose time stands still until it is advanced."""

from __future__ import annotations

from . import due
from .errors import Obj, StripeError
from .events import emit
from .lists import page
from .routes import route
from .world import Request, World

_KIND = "test_helpers.test_clock"
_KEPT = 30 * 86_400


@route("POST", "/v1/test_helpers/test_clocks")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    clock = world.create(
        _KIND,
        "clock",
        created=world.now(),
        deletes_after=world.now() + _KEPT,
        frozen_time=params["frozen_time"],
        name=params.get("name"),
        status="ready",
        status_details={},
    )
    emit(world, "test_helpers.test_clock.created", clock)
    return clock


@route("GET", "/v1/test_helpers/test_clocks")
def list_clocks(request: Request) -> Obj:
    return page(request, request.world.store.all(_KIND), _KIND)


@route("GET", "/v1/test_helpers/test_clocks/{test_clock}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get(_KIND, request.id)


@route("POST", "/v1/test_helpers/test_clocks/{test_clock}/advance")
def advance(request: Request) -> Obj:
    """Move the clock; all that falls due on the way happens before the answer, each at its own time."""
    return move(request.world, request.id, request.params["frozen_time"])


def move(world: World, id: str, target: int) -> Obj:
    """Move a clock to a later moment. Raises Stripe's 400 for an earlier one."""
    clock = world.store.change(_KIND, id)
    if target <= clock["frozen_time"]:
        raise StripeError("The test clock can only be advanced to a later time.", param="frozen_time")
    emit(world, "test_helpers.test_clock.advancing", clock | {"status": "advancing"})
    clock["frozen_time"] = target
    due.run(world, id)
    emit(world, "test_helpers.test_clock.ready", clock)
    return clock
