"""Discounts: a coupon that a customer, a subscription, an item or an invoice has been given."""

from __future__ import annotations

from collections.abc import Iterable

from .coupons import redeemed, usable
from .errors import Obj, StripeError, missing
from .events import emit
from .fields import copied
from .periods import Grid
from .routes import route
from .world import Request, World

_MOST = 20


def wanted(world: World, specs: list[Obj], *, holder: Obj, currency: str, at: int, param: str, owner: Obj) -> list[Obj]:
    """The discounts that `discounts[n]` ask for, the new ones stored nowhere yet. Raises Stripe's 400s.

    `holder` has the `_discounts` of now, which `discounts[n][discount]` may name; `owner` gives the new ones their
    `customer`, `subscription`, `subscription_item`, `invoice` or `invoice_item`.
    """
    found: list[Obj] = []
    for number, spec in enumerate(specs or ()):
        at_spec = f"{param}[{number}]"
        if "discount" in spec:
            kept = next((d for d in holder.get("_discounts", ()) if d["id"] == spec["discount"]), None)
            if kept is None:
                raise missing("discount", spec["discount"], f"{at_spec}[discount]")
            found.append(kept)
        else:
            found.append(_new(world, spec, currency, at, at_spec, owner))
    coupons = [discount["source"]["coupon"] for discount in found]
    if len(set(coupons)) < len(coupons):
        raise StripeError("Each coupon can be applied only once.", param=param)
    if len(found) > _MOST:
        raise StripeError(f"At most {_MOST} discounts can be applied.", param=param)
    return found


def _new(world: World, spec: Obj, currency: str, at: int, param: str, owner: Obj) -> Obj:
    code = None
    if "promotion_code" in spec:
        code = world.store.get("promotion_code", spec["promotion_code"], f"{param}[promotion_code]")
        _check_code(world, code, owner.get("customer"), at, f"{param}[promotion_code]")
        coupon = world.store.find("coupon", code["promotion"]["coupon"])
        param += "[promotion_code]"
    elif "coupon" in spec:
        param += "[coupon]"
        coupon = world.store.get("coupon", spec["coupon"], param)
    else:
        raise StripeError(f"Missing required param: {param}[coupon].", code="parameter_missing", param=param)
    if coupon is None or not usable(coupon, at, "redeem_by"):
        raise StripeError("This coupon has expired.", code="coupon_expired", param=param)
    if coupon["amount_off"] and currency not in (coupon["currency"], *(coupon["currency_options"] or ())):
        raise StripeError(
            f"The coupon takes off an amount in {coupon['currency']}, but this is billed in {currency}.", param=param
        )
    return made_of(world, coupon, at, owner, code)


def _check_code(world: World, code: Obj, customer: str | None, at: int, param: str) -> None:
    if not code["active"] or not usable(code, at, "expires_at"):
        raise StripeError("This promotion code is not active or has expired.", code="resource_missing", param=param)
    if code["customer"] not in (None, customer):
        raise StripeError("This promotion code belongs to another customer.", param=param)
    if (
        code["restrictions"]["first_time_transaction"]
        and customer is not None
        and any(invoice["amount_paid"] > 0 for invoice in world.store.of_customer("invoice", customer))
    ):
        raise StripeError(
            "This promotion code cannot be redeemed because the associated customer has prior transactions.",
            code="promotion_code_customer_not_first_time", param=param,
        )  # fmt: skip


def made_of(world: World, coupon: Obj, at: int, owner: Obj, code: Obj | None = None) -> Obj:
    """A discount that begins now; a repeating one ends after its months."""
    months = coupon["duration_in_months"]
    return world.shape(
        "discount",
        "di",
        end=Grid(at, "month", months, None).boundary(1) if months else None,
        promotion_code=code and code["id"],
        source={"coupon": coupon["id"], "type": "coupon"},
        start=at,
        _coupon=copied(coupon),
        **owner,
    )


def put(holder: Obj, discounts: list[Obj]) -> None:
    """Let a subscription, an item, an invoice or a line have these discounts."""
    holder |= {"_discounts": discounts, "discounts": [discount["id"] for discount in discounts]}


def store_new(world: World, discounts: Iterable[Obj], holder: Obj) -> None:
    """Redeem those that are new: they are stored, counted and told of."""
    for discount in discounts:
        if world.store.find("discount", discount["id"]) is None:
            world.store.add("discount", copied(discount))
            redeemed(world, "coupon", discount["source"]["coupon"])
            if discount["promotion_code"] is not None:
                redeemed(world, "promotion_code", discount["promotion_code"])
            if holder["object"] in ("subscription", "subscription_item", "customer"):
                emit(world, "customer.discount.created", discount)


def attach(world: World, subscription: Obj, terms: Obj, items: list[Obj]) -> None:
    """Put a change's discounts and taxes in force; a discount that the change's own invoice used up is not kept."""
    before = subscription["_discounts"]
    subscription |= terms
    for holder in (subscription, *items):
        store_new(world, holder["_discounts"], holder)
        put(holder, [discount for discount in holder["_discounts"] if not discount.get("_spent")])
    for discount in before:
        if discount["id"] not in subscription["discounts"]:
            emit(world, "customer.discount.deleted", discount)


def running(holder: Obj, at: int, *, prorating: bool = False) -> list[Obj]:
    """The holder's discounts that still apply. Prorations that wait leave alone what applies to one invoice only."""
    return [
        discount
        for discount in holder.get("_discounts", ())
        if not discount.get("_spent")
        and (discount["end"] is None or discount["end"] > at)
        and not (prorating and discount["_coupon"]["duration"] == "once")
    ]


def in_force(world: World, subscription: Obj, at: int, *, prorating: bool = False) -> list[Obj]:
    """The discounts of the subscription, or, when it has none, its customer's."""
    if subscription["_discounts"]:
        return running(subscription, at, prorating=prorating)
    customer = world.store.find("customer", subscription["customer"] or "")
    return running(customer, at, prorating=prorating) if customer else []


def used(world: World, invoice: Obj) -> None:
    """An invoice has been drawn up: discounts for one invoice are used up by it, those whose months are over go."""
    at = world.now_of(invoice)
    charges = any(line["amount"] for line in invoice["lines"])
    spent = set()
    if charges:
        for holder in (invoice, *invoice["lines"]):
            for discount in holder["_discounts"]:
                if discount["_coupon"]["duration"] == "once":
                    discount["_spent"] = True
                    spent.add(discount["id"])

    def drop(holder: Obj) -> None:
        gone = [d for d in holder["_discounts"] if d["id"] in spent or (d["end"] is not None and d["end"] <= at)]
        if gone:
            put(holder, [discount for discount in holder["_discounts"] if discount not in gone])
            for discount in gone:
                emit(world, "customer.discount.deleted", discount)

    if invoice["_subscription"] is not None:
        subscription = world.store.change("subscription", invoice["_subscription"])
        if charges:
            subscription["_last_discounts"] = invoice["_discounts"]
        for holder in (subscription, *subscription["items"]):
            drop(holder)
    customer = world.store.get("customer", invoice["customer"])
    if any(d["id"] in spent or (d["end"] is not None and d["end"] <= at) for d in customer["_discounts"]):
        _clear(world, world.store.change("customer", customer["id"]))


def give_customer(world: World, customer: Obj, coupon: Obj) -> Obj:
    """Let a customer (taken by `change`) have a coupon, in the place of another. Only the dashboard does that."""
    discount = made_of(world, coupon, world.now_of(customer), {"customer": customer["id"]})
    if customer["_discounts"]:
        _clear(world, customer)
    customer |= {"discount": discount, "_discounts": [discount]}
    store_new(world, [discount], customer)
    return discount


def _clear(world: World, customer: Obj) -> None:
    for discount in customer["_discounts"]:
        emit(world, "customer.discount.deleted", discount)
    customer |= {"discount": None, "_discounts": []}


def _gone(discount: Obj) -> Obj:
    return {name: value for name, value in discount.items() if name != "end"} | {"deleted": True}


@route("GET", "/v1/customers/{customer}/discount")
def retrieve_of_customer(request: Request) -> Obj:
    customer = request.world.store.get("customer", request.id, "customer")
    if not customer["_discounts"]:
        raise StripeError(f"No active discount for customer: {request.id}", status=404, code="resource_missing")
    return dict(customer["_discounts"][0])


@route("DELETE", "/v1/customers/{customer}/discount")
def delete_of_customer(request: Request) -> Obj:
    discount = retrieve_of_customer(request)
    _clear(request.world, request.world.store.change("customer", request.id))
    return _gone(discount)


@route("DELETE", "/v1/subscriptions/{subscription_exposed_id}/discount")
def delete_of_subscription(request: Request) -> Obj:
    world = request.world
    subscription = world.store.change("subscription", request.id)
    if not subscription["_discounts"]:
        raise StripeError(f"No active discount for subscription: {request.id}", status=404, code="resource_missing")
    gone = subscription["_discounts"]
    put(subscription, [])
    for discount in gone:
        emit(world, "customer.discount.deleted", discount)
    return _gone(gone[-1])
