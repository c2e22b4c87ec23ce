"""What a quantity costs per period by a price's scheme. Pure, for hints and tests only: charges come from Stripe.

Source of the schemes: Stripe's tiered pricing (graduated: each seat at its own step; volume: all seats at the step
that the quantity falls in).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Tier:
    """One step. up_to None is the last. Amounts in minor units."""

    up_to: int | None
    unit_amount: int
    flat_amount: int = 0


@dataclass(frozen=True)
class Scheme:
    """A price: kind is flat, graduated or volume."""

    kind: str
    unit_amount: int | None
    tiers: tuple[Tier, ...] = ()


def amount(scheme: Scheme, quantity: int) -> int:
    """The recurring amount for `quantity` seats in minor units."""
    if quantity <= 0:
        return 0
    if scheme.kind == "flat":
        return (scheme.unit_amount or 0) * quantity
    if scheme.kind == "volume":
        tier = tier_of(scheme.tiers, quantity)
        return tier.unit_amount * quantity + tier.flat_amount
    total, below = 0, 0
    for tier in scheme.tiers:
        in_step = (quantity if tier.up_to is None else min(quantity, tier.up_to)) - below
        if in_step <= 0:
            break
        total += in_step * tier.unit_amount + tier.flat_amount
        below += in_step
    return total


def tier_of(tiers: Sequence[Tier], quantity: int) -> Tier:
    """The step that a quantity falls in; the last one when every step ends below it."""
    return next((t for t in tiers if t.up_to is None or quantity <= t.up_to), tiers[-1])


@dataclass(frozen=True)
class Advice:
    """A better number near the one chosen: `quantity` seats cost `amount` per period, `saving` less."""

    quantity: int
    amount: int
    saving: int


def cheaper_above(scheme: Scheme, quantity: int, *, within: int = 10) -> Advice | None:
    """With volume prices a few more seats can cost less: the best such number, if any (11 seats cost less than 10)."""
    here = amount(scheme, quantity)
    best: Advice | None = None
    for more in range(quantity + 1, quantity + within + 1):
        there = amount(scheme, more)
        if there < here and (best is None or there < best.amount):
            best = Advice(more, there, here - there)
    return best


def next_step(scheme: Scheme, quantity: int) -> tuple[int, int] | None:
    """Seats missing to the next step and its amount per seat; None on the last step or without steps."""
    for tier, following in zip(scheme.tiers, scheme.tiers[1:], strict=False):
        if tier.up_to is not None and quantity <= tier.up_to:
            return tier.up_to + 1 - quantity, following.unit_amount
    return None


def a_year(amount: int, *, interval: str, count: int) -> int:
    """An amount of every `count` days, weeks, months or years as an amount a year, rounded up."""
    times = {"day": 365, "week": 52, "month": 12, "year": 1}[interval]
    return -(-amount * times // count)


def a_month(amount: int, *, interval: str, count: int) -> int:
    """The same as an amount a month, rounded up; below zero towards zero."""
    return -(-a_year(amount, interval=interval, count=count) // 12)
