"""Coupons and promotion codes: what a discount may be made of."""

from __future__ import annotations

from .errors import Obj, StripeError
from .events import differences, emit
from .fields import assign, copied, merged
from .lists import matching, page
from .render import render
from .routes import route
from .world import Request, World

_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def usable(holder: Obj, at: int, until: str) -> bool:
    """Whether a coupon or code may still be redeemed; `until` names the field of its last moment."""
    limit, end = holder["max_redemptions"], holder[until]
    return (limit is None or holder["times_redeemed"] < limit) and (end is None or at < end)


def redeemed(world: World, kind: str, id: str) -> None:
    """Count one more use. A coupon that was deleted meanwhile needs no counting."""
    if world.store.find(kind, id) is None:
        return
    holder = world.store.change(kind, id)
    holder["times_redeemed"] += 1
    if kind == "coupon":
        holder["valid"] = usable(holder, world.now(), "redeem_by")
    else:
        holder["active"] = holder["active"] and usable(holder, world.now(), "expires_at")


# Coupons


@route("POST", "/v1/coupons")
def create_coupon(request: Request) -> Obj:
    world, params = request.world, request.params
    if "id" in params and world.store.find("coupon", params["id"]):
        raise StripeError("Coupon already exists.", code="resource_already_exists", param="id")
    duration = params.get("duration", "once")
    _check_coupon(world, params, duration)
    coupon = world.shape(
        "coupon",
        "cou",
        amount_off=params.get("amount_off"),
        applies_to=params.get("applies_to"),
        created=world.now(),
        currency=params["currency"].lower() if "amount_off" in params else None,
        currency_options=params.get("currency_options"),
        duration=duration,
        duration_in_months=params.get("duration_in_months"),
        max_redemptions=params.get("max_redemptions"),
        metadata=merged(None, params.get("metadata")),
        name=params.get("name"),
        percent_off=params.get("percent_off"),
        redeem_by=params.get("redeem_by"),
        times_redeemed=0,
        valid=True,
    )
    coupon["id"] = params.get("id") or world.new_id("c", 8)[2:]
    world.store.add("coupon", coupon)
    emit(world, "coupon.created", coupon)
    return coupon


def _check_coupon(world: World, params: Obj, duration: str) -> None:
    if ("percent_off" in params) == ("amount_off" in params):
        raise StripeError("You must pass either `percent_off` or `amount_off`, and not both.", param="percent_off")
    if "amount_off" in params and "currency" not in params:
        raise StripeError("Missing required param: currency.", code="parameter_missing", param="currency")
    if "percent_off" in params and not 0 < params["percent_off"] <= 100:
        raise StripeError("Invalid percent_off: must be greater than 0 and at most 100.", param="percent_off")
    if params.get("amount_off", 1) <= 0:
        raise StripeError("Invalid positive integer", code="parameter_invalid_integer", param="amount_off")
    if (duration == "repeating") != ("duration_in_months" in params):
        raise StripeError(
            "`duration_in_months` must be passed for a coupon with `duration=repeating`, and for no other.",
            param="duration_in_months",
        )
    if params.get("redeem_by", world.now() + 1) <= world.now():
        raise StripeError("Invalid timestamp: redeem_by must be in the future.", param="redeem_by")
    for number, product in enumerate(params.get("applies_to", {}).get("products", ())):
        world.store.get("product", product, f"applies_to[products][{number}]")


@route("GET", "/v1/coupons")
def list_coupons(request: Request) -> Obj:
    return page(request, request.world.store.all("coupon"), "coupon")


@route("GET", "/v1/coupons/{coupon}")
def retrieve_coupon(request: Request) -> Obj:
    return request.world.store.get("coupon", request.id, "coupon")


@route("POST", "/v1/coupons/{coupon}")
def update_coupon(request: Request) -> Obj:
    world, params = request.world, request.params
    coupon = world.store.change("coupon", request.id, "coupon")
    before = copied(render(world, coupon))
    assign(coupon, params, "name")
    coupon["metadata"] = merged(coupon["metadata"], params.get("metadata"))
    coupon["currency_options"] = (coupon["currency_options"] or {}) | params.get("currency_options", {}) or None
    emit(world, "coupon.updated", coupon, differences(before, render(world, coupon)))
    return coupon


@route("DELETE", "/v1/coupons/{coupon}")
def delete_coupon(request: Request) -> Obj:
    """Nobody can redeem it from now on; the discounts made of it go on."""
    world = request.world
    coupon = world.store.get("coupon", request.id, "coupon")
    world.store.remove("coupon", request.id)
    emit(world, "coupon.deleted", coupon)
    return {"id": request.id, "object": "coupon", "deleted": True}


# Promotion codes


@route("POST", "/v1/promotion_codes")
def create_code(request: Request) -> Obj:
    world, params = request.world, request.params
    if "coupon" not in params["promotion"]:
        raise StripeError(
            "Missing required param: promotion[coupon].", code="parameter_missing", param="promotion[coupon]"
        )
    coupon = world.store.get("coupon", params["promotion"]["coupon"], "promotion[coupon]")
    if not usable(coupon, world.now(), "redeem_by"):
        raise StripeError("This coupon has expired.", code="coupon_expired", param="promotion[coupon]")
    if "customer" in params:
        world.store.get("customer", params["customer"], "customer")
    code = params.get("code") or "".join(_CODE[byte % len(_CODE)] for byte in bytes.fromhex(world.new_id("x", 16)[2:]))
    if any(other["active"] and other["code"].lower() == code.lower() for other in world.store.all("promotion_code")):
        raise StripeError("An active promotion code with this code already exists.", param="code")
    restrictions = params.get("restrictions", {})
    made = world.create(
        "promotion_code",
        "promo",
        active=params.get("active", True),
        code=code,
        created=world.now(),
        customer=params.get("customer"),
        expires_at=params.get("expires_at"),
        max_redemptions=params.get("max_redemptions"),
        metadata=merged(None, params.get("metadata")),
        promotion={"coupon": coupon["id"], "type": "coupon"},
        restrictions={
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": restrictions.get("minimum_amount"),
            "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
        },
        times_redeemed=0,
    )
    emit(world, "promotion_code.created", made)
    return made


@route("GET", "/v1/promotion_codes")
def list_codes(request: Request) -> Obj:
    params = request.params
    rows = matching(request.world.store.all("promotion_code"), params, "active", "customer")
    if "code" in params:
        rows = [row for row in rows if row["code"].lower() == params["code"].lower()]
    if "coupon" in params:
        rows = [row for row in rows if row["promotion"]["coupon"] == params["coupon"]]
    return page(request, rows, "promotion_code")


@route("GET", "/v1/promotion_codes/{promotion_code}")
def retrieve_code(request: Request) -> Obj:
    return request.world.store.get("promotion_code", request.id, "promotion_code")


@route("POST", "/v1/promotion_codes/{promotion_code}")
def update_code(request: Request) -> Obj:
    world, params = request.world, request.params
    made = world.store.change("promotion_code", request.id, "promotion_code")
    before = copied(render(world, made))
    if params.get("active") and not usable(made, world.now(), "expires_at"):
        raise StripeError("This promotion code has expired and cannot be activated.", param="active")
    assign(made, params, "active")
    made["metadata"] = merged(made["metadata"], params.get("metadata"))
    emit(world, "promotion_code.updated", made, differences(before, render(world, made)))
    return made
