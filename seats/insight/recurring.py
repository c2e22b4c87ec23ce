"""What a change meant in recurring revenue, told apart by cause (product.md A1, H5, I6). Pure."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.catalog.pricing import amount
from billing.catalog.queries import scheme_of
from billing.models import Price
from seats.models import LedgerEntry, RecurringChange

Cause = RecurringChange.Cause
PERIODS_A_YEAR = {"month": 12, "year": 1, "week": 52, "day": 365}

DEFINITIONS: dict[str, str | Promise] = {
    "recurring": _(
        "Recurring revenue per year: Stripe's price at the day of the change × seats, before discounts and tax. Trials "
        "count from their start. Amounts of different currencies are never added up."
    ),
    "expansion": _(
        "What changes of customers added in the last 365 days. First purchases and returns after an end do not count; "
        "a purchase that was undone is taken off again."
    ),
    "by_seats": _("What added seats brought in the month, per year; a purchase that was undone is taken off again."),
    "share": _("Expansion by seats ÷ all expansion. 25 to 40 % is usual."),
    "nrr": _("Net retention: recurring revenue today of the accounts that had some a year ago ÷ theirs then."),
    "grr": _("Gross retention: the same, but no account counts for more than it did then."),
    "contraction": _("What reductions, cheaper plans and ends took away in the last 365 days."),
}


def per_year(price: Price, quantity: int) -> int:
    """Minor units in a year by the mirrored price, rounded down."""
    return amount(scheme_of(price), quantity) * PERIODS_A_YEAR.get(price.interval, 0) // max(price.interval_count, 1)


@dataclass(frozen=True)
class Standing:
    """What an account had at one moment. price None: nothing yet."""

    price: Price | None
    quantity: int

    @property
    def yearly(self) -> int:
        """Per year, in minor units of the price's currency."""
        return per_year(self.price, self.quantity) if self.price else 0


@dataclass(frozen=True)
class Part:
    """One cause of a change: what it was before and after it, per year."""

    cause: str
    price: Price
    before: int
    after: int


def parts_of(old: Standing, new: Standing, kind: str) -> list[Part]:
    """A change by its causes. At least one part, so that every line of the ledger has its row.

    Where price and seats moved together, the seats are counted at the old price and the rest is the price's. kind: the
    ledger's; what was changed at Stripe itself is "other", and not what the customer bought. Without any known price
    nothing is made up.
    """
    price = new.price or old.price
    if price is None:
        return []
    if old.price is not None and old.price.currency != price.currency:
        return [Part(Cause.ENDED, old.price, old.yearly, 0), Part(Cause.RETURNED, price, 0, new.yearly)]
    if not new.quantity:
        return [Part(Cause.ENDED, price, old.yearly, 0)]
    if not old.quantity or old.price is None:
        return [Part(Cause.NEW if old.price is None else Cause.RETURNED, price, 0, new.yearly)]
    seats = Cause.OTHER if kind == LedgerEntry.Kind.EXTERNAL else Cause.SEATS
    if old.price.pk == price.pk:
        return [Part(seats, price, old.yearly, new.yearly)]
    moved = per_year(old.price, new.quantity)
    other_plan = (old.price.plan_id, old.price.interval, old.price.interval_count) != (
        price.plan_id,
        price.interval,
        price.interval_count,
    )
    rest = Part(Cause.PLAN if other_plan else Cause.PRICE, price, moved, new.yearly)
    return [Part(seats, old.price, old.yearly, moved), rest] if old.quantity != new.quantity else [rest]
