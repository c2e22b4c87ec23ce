"""What discounts take off an invoice's lines, and off a proration. Pure; minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from .errors import Obj


@dataclass(frozen=True)
class Terms:
    """A discount's coupon in the currency of one invoice. `products` None: every product."""

    discount: str
    percent: Fraction | None
    amount: int
    products: frozenset[str] | None

    def fits(self, product: str | None) -> bool:
        return self.products is None or product in self.products


@dataclass(frozen=True)
class Share:
    """What one discount took off one line; `own` says that it is the line's own and not the invoice's."""

    discount: str
    amount: int
    own: bool


@dataclass(frozen=True)
class Part:
    """A line before discounts; `product` decides whether a coupon applies to it."""

    amount: int
    product: str | None
    own: tuple[Terms, ...] = ()


def terms_of(discount: Obj, currency: str) -> Terms:
    """The terms of a discount (with its private copy of the coupon) in a currency of its coupon."""
    coupon = discount["_coupon"]
    percent = coupon["percent_off"]
    amount = coupon["amount_off"] or 0
    if currency != coupon["currency"] and (option := (coupon["currency_options"] or {}).get(currency)):
        amount = option["amount_off"]
    products = (coupon["applies_to"] or {}).get("products")
    return Terms(
        discount["id"],
        None if percent is None else Fraction(str(percent)),
        amount,
        None if products is None else frozenset(products),
    )


def half_up(amount: Fraction) -> int:
    """To the nearest integer; a half goes away from zero, so that giving back mirrors charging."""
    return -half_up(-amount) if amount < 0 else floor(amount + Fraction(1, 2))


def apportion(parts: Sequence[Part], terms: Sequence[Terms]) -> list[list[Share]]:
    """What every discount takes off every line, in the order in which they apply: a line's own come first.

    A percentage is taken line by line. An amount is split in proportion to what is left of the lines; each share is
    rounded down, and the last line takes the rest (500 off 1000 and 2000 is 166 and 334).
    """
    left = [max(0, part.amount) for part in parts]
    taken: list[list[Share]] = [[] for _ in parts]
    for number, part in enumerate(parts):
        for term in part.own:
            if term.fits(part.product):
                off = _off(term, left[number])
                left[number] -= off
                taken[number].append(Share(term.discount, off, own=True))
    for term in terms:
        chosen = [number for number, part in enumerate(parts) if term.fits(part.product)]
        if term.percent is not None:
            offs = [_off(term, left[number]) for number in chosen]
        else:
            offs = split(min(term.amount, sum(left[number] for number in chosen)), [left[n] for n in chosen])
        for number, off in zip(chosen, offs, strict=True):
            left[number] -= off
            taken[number].append(Share(term.discount, off, own=False))
    return taken


def _off(term: Terms, amount: int) -> int:
    return min(term.amount, amount) if term.percent is None else half_up(amount * term.percent / 100)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total in proportion to weights that it does not exceed: rounded down, the rest to the last ones."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    rest = total - sum(shares)
    for number in reversed(range(len(weights))):
        more = min(rest, weights[number] - shares[number])
        shares[number] += more
        rest -= more
    return shares


def net_alone(full: Fraction, product: str, terms: Sequence[Terms]) -> Fraction:
    """What one item costs for a period with discounts that are all its own. Classic billing prorates this."""
    for term in terms:
        if term.fits(product):
            full -= min(full, Fraction(term.amount)) if term.percent is None else full * term.percent / 100
    return full


def net_together(items: Sequence[tuple[Fraction, str, Sequence[Terms]]], terms: Sequence[Terms]) -> list[Fraction]:
    """What the items of a subscription cost for a period when they share its discounts. Flexible prorates it."""
    left = [net_alone(full, product, own) for full, product, own in items]
    for term in terms:
        chosen = [number for number, (_, product, _) in enumerate(items) if term.fits(product)]
        whole = sum((left[number] for number in chosen), Fraction(0))
        if whole == 0:
            continue
        kept = 1 - term.percent / 100 if term.percent is not None else 1 - min(Fraction(term.amount), whole) / whole
        for number in chosen:
            left[number] *= kept
    return left
