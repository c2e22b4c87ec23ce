"""Products and prices."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import Obj, StripeError
from .events import emit
from .fields import assign, given, merged
from .lists import matching, page
from .routes import route
from .world import Request, World

_PRODUCT = ("description", "images", "marketing_features", "shippable", "statement_descriptor", "unit_label", "url")


@route("POST", "/v1/products")
def create_product(request: Request) -> Obj:
    world, params = request.world, request.params
    if "id" in params and world.store.find("product", params["id"]):
        raise StripeError("Product already exists.", code="resource_already_exists", param="id")
    product = make_product(world, params)
    if "default_price_data" in params:
        price = make_price(world, params["default_price_data"] | {"product": product["id"]})
        product["default_price"] = price["id"]
    return product


def make_product(world: World, params: Obj) -> Obj:
    now = world.now()
    product = world.shape(
        "product",
        "prod",
        **{"images": [], "marketing_features": []} | given(params, *_PRODUCT),
        active=params.get("active", True),
        created=now,
        metadata=merged(None, params.get("metadata")),
        name=params["name"],
        updated=now,
    )
    product["id"] = params.get("id", product["id"])
    world.store.add("product", product)
    emit(world, "product.created", product)
    return product


@route("GET", "/v1/products")
def list_products(request: Request) -> Obj:
    rows = matching(request.world.store.all("product"), request.params, "active", "url", "shippable")
    if "ids" in request.params:
        rows = [row for row in rows if row["id"] in request.params["ids"]]
    return page(request, rows, "product")


@route("GET", "/v1/products/{id}")
def retrieve_product(request: Request) -> Obj:
    return request.world.store.get("product", request.id)


@route("POST", "/v1/products/{id}")
def update_product(request: Request) -> Obj:
    world, params = request.world, request.params
    product = world.store.change("product", request.id)
    assign(product, params, *_PRODUCT, "active", "name", "default_price")
    product["metadata"] = merged(product["metadata"], params.get("metadata"))
    product["updated"] = world.now()
    emit(world, "product.updated", product, {})
    return product


@route("DELETE", "/v1/products/{id}")
def delete_product(request: Request) -> Obj:
    world = request.world
    product = world.store.get("product", request.id)
    if any(price["product"] == request.id for price in world.store.all("price")):
        raise StripeError("This product cannot be deleted because it has one or more user-created prices.")
    emit(world, "product.deleted", product)
    world.store.remove("product", request.id)
    return {"id": request.id, "object": "product", "deleted": True}


@route("POST", "/v1/prices")
def create_price(request: Request) -> Obj:
    return make_price(request.world, request.params)


def make_price(world: World, params: Obj) -> Obj:
    """Create a price as the parameters of `prices.create` say. Raises Stripe's 400s."""
    return keep_price(world, draft_price(world, params))


def keep_price(world: World, price: Obj) -> Obj:
    world.store.add("price", price)
    emit(world, "price.created", price)
    return price


def draft_price(world: World, params: Obj) -> Obj:
    """A price that is stored nowhere, as for a preview. Raises Stripe's 400s."""
    if "product" in params:
        product = world.store.get("product", params["product"], "product")
    elif "product_data" in params:
        product = make_product(world, params["product_data"])
    else:
        raise StripeError("Missing required param: product.", code="parameter_missing", param="product")
    scheme = params.get("billing_scheme", "tiered" if "tiers" in params else "per_unit")
    if scheme == "tiered" and "tiers_mode" not in params:
        raise StripeError("Missing required param: tiers_mode.", code="parameter_missing", param="tiers_mode")
    if "transform_quantity" in params and scheme == "tiered":
        raise StripeError("`transform_quantity` cannot be combined with `tiers`.", param="transform_quantity")
    key = params.get("lookup_key")
    _free_lookup_key(world, key, transfer=params.get("transfer_lookup_key", False))
    recurring = params.get("recurring")
    return world.shape(
        "price",
        "price",
        active=params.get("active", True),
        billing_scheme=scheme,
        created=world.now(),
        currency=params["currency"].lower(),
        currency_options={
            currency: _amounts(option, scheme) | {"custom_unit_amount": None}
            for currency, option in params.get("currency_options", {}).items()
        },
        lookup_key=key,
        metadata=merged(None, params.get("metadata")),
        nickname=params.get("nickname"),
        product=product["id"],
        recurring=recurring
        and {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count", 1),
            "meter": None,
            "trial_period_days": recurring.get("trial_period_days"),
            "usage_type": recurring.get("usage_type", "licensed"),
        },
        tiers_mode=params.get("tiers_mode"),
        transform_quantity=params.get("transform_quantity"),
        type="recurring" if recurring else "one_time",
        **_amounts(params, scheme),
    )


def _free_lookup_key(world: World, key: str | None, *, transfer: bool) -> None:
    holder = next((p for p in world.store.all("price") if key is not None and p["lookup_key"] == key), None)
    if holder is None:
        return
    if not transfer:
        raise StripeError(f"A price (`{holder['id']}`) already uses that lookup key.", param="lookup_key")
    world.store.change("price", holder["id"])["lookup_key"] = None


def _amounts(params: Obj, scheme: str) -> Obj:
    """unit_amount and its decimal, or the tiers, in one currency."""
    behavior = params.get("tax_behavior", "unspecified")
    if scheme == "tiered":
        tiers = [_tier(tier) for tier in params.get("tiers", ())]
        bounds = [tier["up_to"] for tier in tiers]
        if not tiers or bounds[-1] is not None:
            raise StripeError("The last tier must have `up_to` set to `inf`.", param="tiers")
        if any(b is None for b in bounds[:-1]) or bounds[:-1] != sorted(set(bounds[:-1])):
            raise StripeError("The `up_to` of the tiers must rise.", param="tiers")
        return {"tiers": tiers, "unit_amount": None, "unit_amount_decimal": None, "tax_behavior": behavior}
    if "unit_amount" not in params and "unit_amount_decimal" not in params:
        raise StripeError(
            "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.", param="unit_amount"
        )
    return _amount(params, "unit_amount") | {"tiers": None, "tax_behavior": behavior}


def _tier(tier: Obj) -> Obj:
    up_to: Any = tier["up_to"]
    amounts = _amount(tier, "unit_amount") | _amount(tier, "flat_amount")
    return amounts | {"up_to": None if up_to == "inf" else int(up_to)}


def _amount(params: Obj, name: str) -> Obj:
    if (decimal := params.get(f"{name}_decimal")) is not None:
        try:
            exact = Decimal(decimal)
        except InvalidOperation:
            raise StripeError(f"Invalid decimal: {decimal}", param=f"{name}_decimal") from None
        whole = int(exact) if exact == exact.to_integral_value() else None
        return {name: whole, f"{name}_decimal": format(exact.normalize(), "f")}
    whole = params.get(name)
    return {name: whole, f"{name}_decimal": None if whole is None else str(whole)}


@route("GET", "/v1/prices")
def list_prices(request: Request) -> Obj:
    params = request.params
    rows = matching(request.world.store.all("price"), params, "active", "currency", "product", "type")
    if "lookup_keys" in params:
        rows = [row for row in rows if row["lookup_key"] in params["lookup_keys"]]
    if wanted := params.get("recurring"):
        rows = [r for r in rows if r["recurring"] and all(r["recurring"].get(k) == v for k, v in wanted.items())]
    return page(request, rows, "price")


@route("GET", "/v1/prices/{price}")
def retrieve_price(request: Request) -> Obj:
    return request.world.store.get("price", request.id)


@route("POST", "/v1/prices/{price}")
def update_price(request: Request) -> Obj:
    world, params = request.world, request.params
    price = world.store.change("price", request.id)
    if params.get("lookup_key") and params["lookup_key"] != price["lookup_key"]:
        _free_lookup_key(world, params["lookup_key"], transfer=params.get("transfer_lookup_key", False))
    assign(price, params, "active", "nickname", "lookup_key", "tax_behavior")
    price["metadata"] = merged(price["metadata"], params.get("metadata"))
    emit(world, "price.updated", price, {})
    return price
