"""What a quantity of a price costs for one whole period. Pure and exact: rounding comes later, line by line."""

from __future__ import annotations

from fractions import Fraction

from .errors import Obj

_MINIMUM = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
    "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50,
    "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
_ZERO_DECIMAL = {
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
}  # fmt: skip
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def minimum_charge(currency: str) -> int:
    """Minor units; a smaller amount cannot be charged and moves to the customer's balance."""
    return _MINIMUM.get(currency, 50)


def full_amount(price: Obj, quantity: int, currency: str) -> Fraction:
    """Minor units for `quantity` of a price as it is stored, in one of its currencies."""
    option = price["currency_options"].get(currency, price)
    if price["billing_scheme"] == "tiered":
        tiers = option["tiers"]
        return _volume(tiers, quantity) if price["tiers_mode"] == "volume" else _graduated(tiers, quantity)
    if package := price["transform_quantity"]:
        size, up = package["divide_by"], package["round"] == "up"
        quantity = -(-quantity // size) if up else quantity // size
    return quantity * _unit(option)


def _unit(holder: Obj, name: str = "unit_amount") -> Fraction:
    decimal = holder.get(f"{name}_decimal")
    return Fraction(decimal) if decimal is not None else Fraction(holder.get(name) or 0)


def _tier_cost(tier: Obj, quantity: int) -> Fraction:
    return quantity * _unit(tier) + _unit(tier, "flat_amount")


def _volume(tiers: list[Obj], quantity: int) -> Fraction:
    tier = next(tier for tier in tiers if tier["up_to"] is None or quantity <= tier["up_to"])
    return _tier_cost(tier, quantity)


def _graduated(tiers: list[Obj], quantity: int) -> Fraction:
    cost, below = Fraction(0), 0
    for tier in tiers:
        if quantity <= below and below > 0:
            break
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        cost += _tier_cost(tier, top - below)
        below = top
        if tier["up_to"] is None or quantity <= tier["up_to"]:
            break
    return cost


def money(amount: int, currency: str) -> str:
    """For people: $40.00, ¥500."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    digits = f"{amount:,}" if currency in _ZERO_DECIMAL else f"{amount // 100:,}.{amount % 100:02d}"
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{digits} {currency.upper()}"
