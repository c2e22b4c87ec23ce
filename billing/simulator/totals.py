"""What an invoice comes to: its lines, less its discounts, with its taxes. A preview and a charge both ask here."""

from __future__ import annotations

from collections.abc import Iterable

from . import taxes
from .discounts import Part, Share, apportion, terms_of
from .errors import Obj
from .world import World


def total(world: World, invoice: Obj) -> None:
    """Write the amounts of the lines and of the invoice anew, all but what the customer's balance does to them."""
    lines, currency = invoice["lines"], invoice["currency"]
    shares = _shares(lines, invoice["_discounts"], currency)
    finder = taxes.Finder.of(world, invoice)
    subtotal = net = inclusive = exclusive = before_discounts = 0
    for line, taken in zip(lines, shares, strict=True):
        line["discount_amounts"] = [{"amount": share.amount, "discount": share.discount} for share in taken]
        line["pretax_credit_amounts"] = _as_credits(line["discount_amounts"])
        own = line["amount"] - sum(share.amount for share in taken if share.own)
        left = line["amount"] - sum(share.amount for share in taken)
        rates = finder.rates(line)
        line["taxes"] = taxes.of(left, rates)
        subtotal += own
        net += left
        inclusive += _amount(line["taxes"], "inclusive")
        exclusive += _amount(line["taxes"], "exclusive")
        before_discounts += _amount(taxes.of(own, rates), "inclusive")
    invoice |= {
        "subtotal": subtotal, "subtotal_excluding_tax": subtotal - before_discounts, "total": net + exclusive,
        "total_excluding_tax": net - inclusive, "total_discount_amounts": _summed(lines),
        "total_taxes": taxes.summed(tax for line in lines for tax in line["taxes"]),
        "automatic_tax": invoice["automatic_tax"] | finder.outcome,
    }  # fmt: skip
    invoice["total_pretax_credit_amounts"] = _as_credits(invoice["total_discount_amounts"])


def _shares(lines: list[Obj], discounts: list[Obj], currency: str) -> list[list[Share]]:
    """A proration has had its discounts when it was made; nothing more is taken off it."""
    open_lines = [line for line in lines if line["discountable"]]
    parts = [
        Part(line["amount"], product_of(line), tuple(terms_of(discount, currency) for discount in line["_discounts"]))
        for line in open_lines
    ]
    found = iter(apportion(parts, [terms_of(discount, currency) for discount in discounts]))
    return [
        next(found)
        if line["discountable"]
        else [Share(entry["discount"], entry["amount"], own=False) for entry in line["discount_amounts"]]
        for line in lines
    ]


def product_of(line: Obj) -> str | None:
    details = (line["pricing"] or {}).get("price_details")
    return details["product"] if details else None


def discount_of(line: Obj) -> int:
    return sum(entry["amount"] for entry in line["discount_amounts"])


def _summed(lines: Iterable[Obj]) -> list[Obj]:
    sums: dict[str, int] = {}
    for line in lines:
        for entry in line["discount_amounts"]:
            sums[entry["discount"]] = sums.get(entry["discount"], 0) + entry["amount"]
    return [{"amount": amount, "discount": discount} for discount, amount in sums.items()]


def _as_credits(amounts: list[Obj]) -> list[Obj]:
    return [entry | {"type": "discount"} for entry in amounts]


def _amount(found: Iterable[Obj], behavior: str) -> int:
    return sum(tax["amount"] for tax in found if tax["tax_behavior"] == behavior)


def steps(invoice: Obj) -> list[tuple[str, int]]:
    """What lies between the lines of a finalized invoice and the amount that is due, as it is printed."""
    noted = invoice["pre_payment_credit_notes_amount"]
    found = [
        ("Discount", -discount_of({"discount_amounts": invoice["total_discount_amounts"]})),
        ("Tax", _amount(invoice["total_taxes"], "exclusive")),
        ("Credit notes", -noted),
        ("Applied balance", invoice["amount_due"] + noted - invoice["total"]),
    ]
    return [(name, amount) for name, amount in found if amount]


def note_discounts(items: Iterable[Obj], lines: Iterable[Obj]) -> None:
    """Tell the items' open debits what was really billed for them, which flexible billing gives back."""
    billed = {line["id"]: line["amount"] - discount_of(line) for line in lines}
    for item in items:
        for debit in item["_debits"]:
            if debit["line"] in billed:
                debit["amount"] = billed[debit["line"]]
