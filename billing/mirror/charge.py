"""Is what was charged what was promised? Pure: compares Stripe's numbers with Stripe's numbers, line by line."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.gateway.contract import RemoteInvoice, RemoteLine

# (amount in minor units, quantity, first moment, last moment). The words of a line are no promise.
type Line = tuple[int, int | None, datetime, datetime]


@dataclass(frozen=True)
class Promise:
    """What a change was quoted, in minor units. lines None: no lines were kept, so none are compared."""

    currency: str
    total: int
    amount_due: int
    tax: int | None = None
    discount: int | None = None
    lines: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Difference:
    """One thing that is not as promised: its name, and both sides; a line that only one side has is None on the other.

    what: currency, total, amount_due, tax, discount, line.
    """

    what: str
    quoted: int | str | None
    charged: int | str | None
    text: str = ""


def differences(promise: Promise, invoice: RemoteInvoice) -> list[Difference]:
    """Everything in which an invoice is not as promised; empty is the rule (payments.md §1.3)."""
    pairs: list[tuple[str, int | str | None, int | str]] = [
        ("currency", promise.currency, invoice.currency),
        ("total", promise.total, invoice.total),
        ("amount_due", promise.amount_due, invoice.amount_due),
        ("tax", promise.tax, invoice.tax),
        ("discount", promise.discount, invoice.discount),
    ]
    found = [Difference(what, said, came) for what, said, came in pairs if said is not None and said != came]
    if promise.lines is not None:
        found += _lines(promise.lines, invoice.lines)
    return found


def is_grave(promise: Promise, invoice: RemoteInvoice) -> bool:
    """Whether more leaves the customer than was promised, or in another currency; less, or only other words, is not."""
    return (
        invoice.currency != promise.currency or invoice.total > promise.total or invoice.amount_due > promise.amount_due
    )


def _lines(quoted: Sequence[Mapping[str, Any]], charged: Sequence[RemoteLine]) -> list[Difference]:
    """Lines that only one side has. The order is Stripe's affair, so they are compared as a bag."""
    said = Counter(_said(row) for row in quoted)
    came = Counter(_came(line) for line in charged)
    words = {_said(row): str(row.get("description", "")) for row in quoted}
    words |= {_came(line): line.description for line in charged}
    missing = [Difference("line", line[0], None, words[line]) for line in (said - came).elements()]
    extra = [Difference("line", None, line[0], words[line]) for line in (came - said).elements()]
    return missing + extra


def _said(row: Mapping[str, Any]) -> Line:
    return row["amount"], row["quantity"], datetime.fromisoformat(row["from"]), datetime.fromisoformat(row["to"])


def _came(line: RemoteLine) -> Line:
    return line.amount, line.quantity, line.period_start, line.period_end
