"""What an update would do to a subscription. A preview shows the plan, an update carries it out."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import proration, redemptions, taxes
from .catalog import make_price
from .discounts import net_alone, net_together, terms_of
from .errors import Obj, StripeError, missing
from .fields import copied, merged
from .lines import grid, period_line, product_name, proration_line
from .pricing import full_amount
from .world import World


@dataclass
class Plan:
    """The items afterwards with their open debits, and the lines that the change costs.

    `billed` says that the change starts a new period, which is invoiced at once whatever the proration behaviour.
    """

    at: int
    items: list[Obj]
    lines: list[Obj] = field(default_factory=list)
    billed: bool = False
    anchor: int | None = None
    trial_end: int | None = None
    ends_trial: bool = False
    terms: Obj = field(default_factory=dict)
    """The subscription's discounts and taxes that the change brings, as fields of the subscription."""

    def as_record(self) -> Obj:
        """For a pending update, which is carried out when its invoice is paid."""
        return {
            "items": self.items, "anchor": self.anchor, "trial_end": self.trial_end, "ends_trial": self.ends_trial,
            "terms": self.terms,
        }  # fmt: skip


def debit(entry: Obj, discount: int = 0) -> Obj:
    """What a line leaves to be credited should the item change again; `discount` is off a proration's amount.

    `totals.note_discounts` takes off what the invoice's discounts take off the line.
    """
    itemized = any(taken["amount"] for taken in entry["discount_amounts"])
    return {
        "amount": entry["amount"] - discount if itemized else entry["amount"],
        "start": entry["period"]["start"],
        "end": entry["period"]["end"],
        "quantity": entry["quantity"],
        "price": entry["pricing"]["price_details"]["price"],
        "gross": entry["amount"] if itemized else entry["amount"] + discount,
        "line": entry["id"],
    }


def new_item(world: World, subscription: Obj, spec: Obj, param: str) -> Obj:
    """A subscription item from `items[n]`, without a period yet."""
    price = price_of(world, subscription, spec, param)
    item = world.shape(
        "subscription_item",
        "si",
        created=world.now_of(subscription),
        current_period_end=0,
        current_period_start=0,
        discounts=[],
        metadata=merged(None, spec.get("metadata")),
        price=price["id"],
        quantity=_quantity(spec, 1, param),
        subscription=subscription["id"],
        tax_rates=taxes.rates_of(world, spec.get("tax_rates"), f"{param}[tax_rates]"),
        _debits=[],
        _discounts=[],
    )
    _discount_item(world, subscription, item, spec, param)
    return item


def _discount_item(world: World, subscription: Obj, item: Obj, spec: Obj, param: str) -> None:
    """Give an item the discounts of `items[n]`; they are stored when the change applies."""
    if "discounts" in spec:
        redemptions.put(item, redemptions.wanted(
            world, spec["discounts"], holder=item, currency=subscription["currency"], at=world.now_of(subscription),
            param=f"{param}[discounts]",
            owner={
                "customer": subscription["customer"], "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
        ))  # fmt: skip


def new_terms(world: World, subscription: Obj, params: Obj) -> Obj:
    """What parameters say of the subscription's own discounts and taxes, as its fields. Raises Stripe's 400s."""
    fields: Obj = {}
    if "default_tax_rates" in params:
        fields["default_tax_rates"] = taxes.rates_of(world, params["default_tax_rates"], "default_tax_rates")
    if "automatic_tax" in params:
        rates = fields if "default_tax_rates" in fields else subscription
        fields["automatic_tax"] = taxes.automatic(params, rates["default_tax_rates"])
    if "discounts" in params:
        redemptions.put(fields, redemptions.wanted(
            world, params["discounts"], holder=subscription, currency=subscription["currency"],
            at=world.now_of(subscription), param="discounts",
            owner={"customer": subscription["customer"], "subscription": subscription["id"]},
        ))  # fmt: skip
    return fields


def price_of(world: World, subscription: Obj, spec: Obj, param: str) -> Obj:
    """The price of `items[n]`, fit for the subscription. Raises Stripe's 400s."""
    if "price_data" in spec:
        price = make_price(world, spec["price_data"])
    elif "price" in spec:
        price = world.store.get("price", spec["price"], f"{param}[price]")
    else:
        raise StripeError(f"Missing required param: {param}[price].", code="parameter_missing", param=f"{param}[price]")
    if price["type"] != "recurring":
        raise StripeError(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            param=f"{param}[price]",
        )
    if not price["active"]:
        raise StripeError(
            "The price specified is inactive. This field only accepts active prices.", param=f"{param}[price]"
        )
    currency = subscription["currency"]
    if currency not in (price["currency"], *price["currency_options"]):
        raise StripeError(
            f"The price specified supports currencies of `{price['currency']}` but the subscription uses `{currency}`.",
            param=f"{param}[price]",
        )
    return price


def _quantity(spec: Obj, default: int, param: str) -> int:
    quantity = int(spec.get("quantity", default))
    if not 0 <= quantity <= 1_000_000_000:
        raise StripeError(
            "This value must be greater than or equal to 0.",
            code="parameter_invalid_integer",
            param=f"{param}[quantity]",
        )
    return quantity


def plan(world: World, subscription: Obj, params: Obj, now: int, *, date_param: str = "proration_date") -> Plan:
    """What the parameters of an update, or of a preview's `subscription_details`, come to. Writes nothing."""
    behavior = params.get("proration_behavior", "create_prorations")
    at = _moment(subscription, params, now, behavior, date_param)
    changed = _changed_items(world, subscription, params.get("items", ()))
    result = Plan(
        at, [after for _, after in changed if after is not None], terms=new_terms(world, subscription, params)
    )
    trial = params.get("trial_end")
    reset = params.get("billing_cycle_anchor", {}).get("type") == "now"
    if trial == "now" and subscription["status"] != "trialing":
        trial = None
    if isinstance(trial, int) and not isinstance(trial, bool):
        if trial <= now:
            raise StripeError("Invalid timestamp: must be an integer Unix timestamp in the future.", param="trial_end")
        _into_trial(world, subscription, changed, result, trial, credit=behavior != "none")
    elif trial == "now" or reset or _interval_change_resets(world, subscription, changed):
        _new_cycle(world, subscription, changed, result, now, credit=behavior != "none")
    else:
        _prorate(world, subscription, changed, result, behavior)
    return result


def _moment(subscription: Obj, params: Obj, now: int, behavior: str, param: str) -> int:
    at = params.get("proration_date")
    if at is None:
        return now
    if behavior == "none":
        raise StripeError("You cannot set `proration_date` when `proration_behavior` is `none`.", param=param)
    start = min(item["current_period_start"] for item in subscription["items"])
    end = min(item["current_period_end"] for item in subscription["items"])
    if not start <= at < end:
        raise StripeError(
            "Cannot set `proration_date` outside of the current billing period of the subscription.", param=param
        )
    return int(at)


def _changed_items(world: World, subscription: Obj, specs: list[Obj]) -> list[tuple[Obj | None, Obj | None]]:
    """Every item before and after, untouched ones included; deleted ones have no after, new ones no before."""
    pairs: dict[str, tuple[Obj | None, Obj | None]] = {
        item["id"]: (item, copied(item)) for item in subscription["items"]
    }
    for number, spec in enumerate(specs):
        param = f"items[{number}]"
        if "id" not in spec:
            item = new_item(world, subscription, spec, param)
            pairs[item["id"]] = (None, item)
            continue
        before, after = pairs.get(spec["id"], (None, None))
        if before is None or after is None:
            raise missing("subscription_item", spec["id"], f"{param}[id]")
        if spec.get("deleted"):
            pairs[spec["id"]] = (before, None)
            continue
        swapped = ("price" in spec and spec["price"] != before["price"]) or "price_data" in spec
        if swapped:
            after["price"] = price_of(world, subscription, spec, param)["id"]
        after["quantity"] = _quantity(spec, 1 if swapped else before["quantity"], param)
        after["metadata"] = merged(before["metadata"], spec.get("metadata"))
        if "tax_rates" in spec:
            after["tax_rates"] = taxes.rates_of(world, spec["tax_rates"], f"{param}[tax_rates]")
        _discount_item(world, subscription, after, spec, param)
    left = [after["price"] for _, after in pairs.values() if after is not None]
    if not left:
        raise StripeError(
            "A subscription must have at least one active item. To cancel the subscription, cancel it instead.",
            param="items",
        )
    if twice := next((price for price in left if left.count(price) > 1), None):
        raise StripeError(
            f"Cannot add multiple subscription items with the same plan: {twice}. Raise the quantity instead.",
            param="items",
        )
    return list(pairs.values())


def is_change(before: Obj | None, after: Obj | None) -> bool:
    return (
        before is None or after is None or (before["price"], before["quantity"]) != (after["price"], after["quantity"])
    )


def _states(
    world: World, subscription: Obj, items: list[Obj], at: int, discounts: list[Obj], *, waits: bool
) -> dict[str, proration.State]:
    """The items at one moment, by id, priced after the subscription's discounts and their own.

    Classic billing prorates each item as if it had a discount alone; flexible shares it among all of them.
    """
    currency = subscription["currency"]
    prices = [world.store.get("price", item["price"]) for item in items]
    fulls = [full_amount(price, item["quantity"], currency) for price, item in zip(prices, items, strict=True)]
    shared = [terms_of(discount, currency) for discount in discounts]
    owned = [
        [terms_of(discount, currency) for discount in redemptions.running(item, at, prorating=waits)] for item in items
    ]
    if subscription["billing_mode"]["type"] == "classic":
        nets = [
            net_alone(full, price["product"], [*own, *shared])
            for full, price, own in zip(fulls, prices, owned, strict=True)
        ]
    else:
        parts = [(full, price["product"], own) for full, price, own in zip(fulls, prices, owned, strict=True)]
        nets = net_together(parts, shared)
    found = {}
    for item, price, full, net in zip(items, prices, fulls, nets, strict=True):
        start, end = grid(subscription, price).around(at)
        found[item["id"]] = proration.State(
            item=item["id"],
            price=price["id"],
            name=product_name(world, price),
            quantity=item["quantity"],
            full=net,
            grid_start=start,
            end=end,
            debits=tuple(
                proration.Debit(**{name: value for name, value in entry.items() if name != "line"})
                for entry in item["_debits"]
            ),
            gross=full,
        )
    return found


def _states_before(world: World, subscription: Obj, at: int) -> tuple[dict[str, proration.State], list[Obj]]:
    """The items as they are, with the discounts that were last used, which a credit is computed with."""
    last = subscription["_last_discounts"]
    discounts = redemptions.in_force(world, subscription, at, prorating=True) if last is None else last
    return _states(world, subscription, subscription["items"], at, discounts, waits=False), discounts


def _prorate(
    world: World, subscription: Obj, pairs: list[tuple[Obj | None, Obj | None]], result: Plan, behavior: str
) -> None:
    """Keep the periods; the changed items are credited and charged for the rest of theirs."""
    trial = subscription["status"] == "trialing"
    flexible = subscription["billing_mode"]["type"] == "flexible"
    waits = behavior == "create_prorations"
    olds, used = _states_before(world, subscription, result.at)
    coming = redemptions.in_force(world, subscription | result.terms, result.at, prorating=waits)
    news = _states(world, subscription, result.items, result.at, coming, waits=waits)
    for before, after in pairs:
        if not is_change(before, after):
            continue
        old = olds[before["id"]] if before else None
        new = news[after["id"]] if after else None
        if after is not None and new is not None and (before is None or old is None or new.end != old.end):
            start, end = (
                (subscription["trial_start"], subscription["trial_end"]) if trial else (new.grid_start, new.end)
            )
            after |= {"current_period_start": start, "current_period_end": end}
        if behavior == "none":
            continue
        found = proration.lines([proration.Change(old, new)], result.at, flexible=flexible, trial=trial)
        for part in found:
            item, discounts = (before, used) if part.credit else (after, coming)
            result.lines.append(_proration(world, subscription, part, result.at, item or {}, discounts))
        if after is not None and not trial:
            after["_debits"] = [debit(result.lines[-1], found[-1].discount)]


def _proration(world: World, subscription: Obj, part: proration.Line, at: int, item: Obj, discounts: list[Obj]) -> Obj:
    return proration_line(world, subscription, part, at, item["tax_rates"], [*item["_discounts"], *discounts])


def _interval_change_resets(world: World, subscription: Obj, pairs: list[tuple[Obj | None, Obj | None]]) -> bool:
    """Classic billing starts a new cycle when a price's interval changes; flexible keeps the anchor."""

    def interval(item: Obj) -> tuple[str, int]:
        recurring = world.store.get("price", item["price"])["recurring"]
        return recurring["interval"], recurring["interval_count"]

    return subscription["billing_mode"]["type"] == "classic" and any(
        before is not None and after is not None and interval(before) != interval(after) for before, after in pairs
    )


def _credits(world: World, subscription: Obj, pairs: list[tuple[Obj | None, Obj | None]], at: int) -> list[Obj]:
    flexible = subscription["billing_mode"]["type"] == "flexible"
    states, used = _states_before(world, subscription, at)
    items = {before["id"]: before for before, _ in pairs if before}
    changes = [proration.Change(states[id], None) for id in items]
    found = proration.lines(changes, at, flexible=flexible, trial=subscription["status"] == "trialing")
    return [_proration(world, subscription, part, at, items[part.item], used) for part in found]


def _new_cycle(
    world: World, subscription: Obj, pairs: list[tuple[Obj | None, Obj | None]], result: Plan, now: int, *, credit: bool
) -> None:
    """The anchor moves to now: what is left of the old period is credited, a whole new one charged."""
    if credit:
        result.lines += _credits(world, subscription, pairs, result.at)
    moved = subscription | {"billing_cycle_anchor": now, "_anchor_day": None}
    for item in result.items:
        start, end = grid(moved, world.store.get("price", item["price"])).around(now)
        charge = period_line(world, moved, item, start, end)
        item |= {"current_period_start": start, "current_period_end": end, "_debits": [debit(charge)]}
        result.lines.append(charge)
    result.billed, result.anchor = True, now
    result.ends_trial = subscription["status"] == "trialing"


def _into_trial(
    world: World, subscription: Obj, pairs: list[tuple[Obj | None, Obj | None]], result: Plan, end: int, *, credit: bool
) -> None:
    """A trial begins or is made longer or shorter: nothing is owed until it ends."""
    if credit:
        result.lines += _credits(world, subscription, pairs, result.at)
    for item in result.items:
        start = item["current_period_start"] if subscription["status"] == "trialing" else result.at
        item |= {"current_period_start": start, "current_period_end": end, "_debits": []}
    result.anchor, result.trial_end = end, end


def final_credits(world: World, subscription: Obj, now: int) -> list[Obj]:
    """The lines that give back what is left of every item's period when a subscription ends now."""
    return _credits(world, subscription, [(item, None) for item in subscription["items"]], now)
