"""The endpoints of tax rates and of customers' tax ids."""

from __future__ import annotations

from .errors import Obj, StripeError
from .events import differences, emit
from .fields import assign, copied, given, merged
from .lists import matching, page
from .render import render
from .routes import route
from .world import Request, World

_RATE = ("country", "description", "jurisdiction", "state", "tax_type")
_VERIFIED = {"000000000": "verified", "111111111": "unverified", "222222222": "pending"}
_CHECKED = ("eu_vat", "gb_vat", "au_abn")


@route("POST", "/v1/tax_rates")
def create_rate(request: Request) -> Obj:
    world, params = request.world, request.params
    if not 0 <= params["percentage"] <= 100:
        raise StripeError("Invalid percentage: must be between 0 and 100.", param="percentage")
    rate = world.create(
        "tax_rate",
        "txr",
        active=params.get("active", True),
        created=world.now(),
        display_name=params["display_name"],
        effective_percentage=params["percentage"],
        inclusive=params["inclusive"],
        metadata=merged(None, params.get("metadata")),
        percentage=params["percentage"],
        rate_type="percentage",
        **given(params, *_RATE),
    )
    emit(world, "tax_rate.created", rate)
    return rate


@route("GET", "/v1/tax_rates")
def list_rates(request: Request) -> Obj:
    rows = matching(request.world.store.all("tax_rate"), request.params, "active", "inclusive")
    return page(request, rows, "tax_rate")


@route("GET", "/v1/tax_rates/{tax_rate}")
def retrieve_rate(request: Request) -> Obj:
    return request.world.store.get("tax_rate", request.id, "tax_rate")


@route("POST", "/v1/tax_rates/{tax_rate}")
def update_rate(request: Request) -> Obj:
    world, params = request.world, request.params
    rate = world.store.change("tax_rate", request.id, "tax_rate")
    before = copied(render(world, rate))
    assign(rate, params, "active", "display_name", *_RATE)
    rate["metadata"] = merged(rate["metadata"], params.get("metadata"))
    emit(world, "tax_rate.updated", rate, differences(before, render(world, rate)))
    return rate


# Tax ids


def make_id(world: World, customer: Obj, params: Obj) -> Obj:
    """A tax id of the customer. The numbers of Stripe's test mode say how its check goes."""
    checked = params["type"] in _CHECKED
    status = next((s for digits, s in _VERIFIED.items() if params["value"].endswith(digits)), "verified")
    made = world.create(
        "tax_id",
        "txi",
        country=params["value"][:2].upper() if params["type"] == "eu_vat" else params["type"][:2].upper(),
        created=world.now_of(customer),
        customer=customer["id"],
        owner={"customer": customer["id"], "type": "customer"},
        type=params["type"],
        value=params["value"],
        verification={
            "status": status if checked else "unavailable", "verified_address": None,
            "verified_name": customer["name"] if checked and status == "verified" else None,
        },
    )  # fmt: skip
    emit(world, "customer.tax_id.created", made)
    return made


@route("POST", "/v1/customers/{customer}/tax_ids")
def create_id(request: Request) -> Obj:
    return make_id(request.world, request.world.store.get("customer", request.id, "customer"), request.params)


@route("GET", "/v1/customers/{customer}/tax_ids")
def list_ids(request: Request) -> Obj:
    store = request.world.store
    store.get("customer", request.id, "customer")
    return page(request, store.of_customer("tax_id", request.id), "tax_id")


@route("GET", "/v1/customers/{customer}/tax_ids/{id}")
def retrieve_id(request: Request) -> Obj:
    found = request.world.store.get("tax_id", request.ids[1])
    if found["customer"] != request.id:
        raise StripeError(f"No such tax id: '{request.ids[1]}'", status=404, code="resource_missing", param="id")
    return found


@route("DELETE", "/v1/customers/{customer}/tax_ids/{id}")
def delete_id(request: Request) -> Obj:
    found = retrieve_id(request)
    request.world.store.remove("tax_id", found["id"])
    emit(request.world, "customer.tax_id.deleted", found)
    return {"id": found["id"], "object": "tax_id", "deleted": True}
