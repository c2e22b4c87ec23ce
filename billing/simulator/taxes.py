"""Taxes of an invoice's lines: by tax rates, or worked out from where the customer is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from .discounts import half_up
from .errors import Obj, StripeError
from .world import World

_COLLECTED: dict[str, float] = {
    "AT": 20, "BE": 21, "CH": 8.1, "DE": 19, "DK": 25, "ES": 21, "FR": 20, "GB": 20, "IE": 23, "IT": 22, "NL": 21,
    "PL": 23, "PT": 23, "SE": 25,
}  # fmt: skip
"""Standard rates of the countries where the simulated account is registered; `/_control/tax` changes them."""

_EXEMPT = {"exempt": "customer_exempt", "reverse": "reverse_charge"}


@dataclass(frozen=True)
class Rate:
    """A tax on a line. `reason` says why it is what it is; an exempt customer's taxes are all 0."""

    id: str | None
    percentage: Fraction
    inclusive: bool
    reason: str = "standard_rated"


def of(net: int, rates: Sequence[Rate]) -> list[Obj]:
    """The taxes on what is left of a line after discounts; each is rounded by itself, a half away from zero."""
    inside = sum((rate.percentage for rate in rates if rate.inclusive), Fraction(0))
    base = half_up(Fraction(net) / (1 + inside / 100))
    taxes = []
    left = net - base
    for number, rate in enumerate(rates):
        amount = half_up(base * rate.percentage / 100)
        if rate.inclusive:
            # What was taken out of the line is shared without a rest, so that base and taxes are the line again.
            last = not any(other.inclusive for other in rates[number + 1 :])
            amount = left if last else amount
            left -= amount
        taxes.append({
            "amount": amount, "tax_behavior": "inclusive" if rate.inclusive else "exclusive",
            "tax_rate_details": rate.id and {"tax_rate": rate.id}, "taxability_reason": rate.reason,
            "taxable_amount": 0 if rate.reason == "not_collecting" else base, "type": "tax_rate_details",
        })  # fmt: skip
    return taxes


def summed(taxes: Iterable[Obj]) -> list[Obj]:
    """The taxes of an invoice: those of its lines by rate."""
    found: dict[tuple[str | None, str, str], Obj] = {}
    for tax in taxes:
        rate = (tax["tax_rate_details"] or {}).get("tax_rate")
        key = (rate, tax["tax_behavior"], tax["taxability_reason"])
        if key in found:
            found[key]["amount"] += tax["amount"]
            found[key]["taxable_amount"] += tax["taxable_amount"]
        else:
            found[key] = dict(tax)
    return list(found.values())


@dataclass
class Finder:
    """The rates of each line of one invoice, and what automatic tax says about itself."""

    world: World
    defaults: list[Obj]
    exempt: str
    automatic: bool = False
    country: str | None = None
    outcome: Obj = field(default_factory=dict)

    @classmethod
    def of(cls, world: World, invoice: Obj) -> Finder:
        exempt = invoice["customer_tax_exempt"] or "none"
        if not invoice["automatic_tax"]["enabled"]:
            return cls(world, invoice["default_tax_rates"], exempt)
        country = _country(invoice)
        status = "failed" if settings(world)["fails"] else "complete" if country else "requires_location_inputs"
        return cls(world, [], exempt, status == "complete", country, {"status": status, "provider": "stripe"})

    def rates(self, line: Obj) -> list[Rate]:
        if self.outcome:
            return [self._automatic(line)] if self.automatic else []
        chosen = line["_tax_rates"] if line["_tax_rates"] is not None else self.defaults
        return [
            self._excused(Rate(rate["id"], Fraction(str(rate["percentage"])), rate["inclusive"])) for rate in chosen
        ]

    def _automatic(self, line: Obj) -> Rate:
        inclusive = _behavior(self.world, line) == "inclusive"
        percentage = settings(self.world)["rates"].get(self.country)
        if percentage is None:
            return Rate(None, Fraction(0), inclusive, "not_collecting")
        return self._excused(Rate(f"txr_automatic_{self.country}", Fraction(str(percentage)), inclusive))

    def _excused(self, rate: Rate) -> Rate:
        reason = _EXEMPT.get(self.exempt)
        return Rate(rate.id, Fraction(0), rate.inclusive, reason) if reason else rate


def _country(invoice: Obj) -> str | None:
    shipping = (invoice["customer_shipping"] or {}).get("address")
    for address in (shipping, invoice["customer_address"]):
        if address and address.get("country"):
            return str(address["country"]).upper()
    return None


def _behavior(world: World, line: Obj) -> str:
    details = (line["pricing"] or {}).get("price_details")
    price = world.store.find("price", details["price"]) if details else None
    behavior = line["_tax_behavior"] or (price or {}).get("tax_behavior")
    return "inclusive" if behavior == "inclusive" else "exclusive"


def settings(world: World) -> Obj:
    """What `/_control/tax` ordered: percentages by country, and whether the calculation fails."""
    return world.store.find("_meta", "tax") or {"rates": _COLLECTED, "fails": False}


def order(world: World, wanted: Obj) -> Obj:
    """Take an order of the control API: `{"rates": {"DE": 19}, "fails": true}`. Raises ValueError for nonsense."""
    rates = {str(country).upper(): float(rate) for country, rate in wanted.get("rates", _COLLECTED).items()}
    if any(rate < 0 for rate in rates.values()):
        raise ValueError("a tax rate must not be negative")
    if world.store.find("_meta", "tax") is not None:
        world.store.remove("_meta", "tax")
    made = {"id": "tax", "rates": rates, "fails": bool(wanted.get("fails", False))}
    return world.store.add("_meta", made)


def rates_of(world: World, ids: list[str] | str | None, param: str) -> list[Obj]:
    """The tax rates that a parameter names, as an object shows them. Raises Stripe's 400s."""
    found = []
    for number, id in enumerate(ids or ()):
        rate = world.store.get("tax_rate", id, f"{param}[{number}]")
        if not rate["active"]:
            raise StripeError(f"The tax rate {id} is archived and cannot be used.", param=f"{param}[{number}]")
        found.append(dict(rate))
    return found


def automatic(params: Obj, default_rates: list[Obj]) -> Obj:
    """An object's `automatic_tax` from the parameter. Raises the 400 for tax rates beside it."""
    enabled = params.get("automatic_tax", {}).get("enabled", False)
    if enabled and default_rates:
        raise StripeError(
            "You cannot use `default_tax_rates` together with `automatic_tax`.", param="automatic_tax[enabled]"
        )
    return {"disabled_reason": None, "enabled": enabled, "liability": {"type": "self"} if enabled else None}


def refusal(invoice: Obj) -> StripeError | None:
    """Why an invoice with automatic tax cannot be finalized; None when it can."""
    match invoice["automatic_tax"]["enabled"] and invoice["automatic_tax"]["status"]:
        case "requires_location_inputs":
            return StripeError(
                "The customer's location isn't recognized. Set a valid customer address in order to automatically "
                "calculate tax.",
                code="customer_tax_location_invalid",
            )
        case "failed":
            return StripeError(
                "Stripe Tax could not calculate the taxes of this invoice. Try again later.",
                code="taxes_calculation_failed",
            )
        case _:
            return None
