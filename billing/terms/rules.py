"""What holds for one account at one moment: its plan's bounds and what was agreed beyond them. Pure."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import ngettext

from billing.errors import CommitmentInForce, MinimumSeats
from billing.models import Plan, Terms
from seatportal.templatetags.portal import day


@dataclass(frozen=True)
class InForce:
    """Bounds that hold now.

    committed: seats that stay until `committed_until`; 0 without a commitment. credit_limit: minor units of the
    subscription's currency that may be open on invoices; None: nothing is sold on credit.
    """

    minimum: int
    maximum: int
    committed: int = 0
    committed_until: datetime | None = None
    credit_limit: int | None = None
    po_number: str = ""


def in_force(terms: Terms | None, plan: Plan, at: datetime) -> InForce:
    """Exceptions go before the plan until they end; a commitment holds until its own end."""
    if terms is None:
        return InForce(minimum=plan.minimum_seats, maximum=plan.self_service_max)
    excepted = terms.valid_until is None or at < terms.valid_until
    minimum = terms.minimum_seats if excepted and terms.minimum_seats is not None else plan.minimum_seats
    maximum = terms.self_service_max if excepted and terms.self_service_max is not None else plan.self_service_max
    committed = terms.committed_until is not None and at < terms.committed_until
    return InForce(
        minimum=minimum,
        maximum=maximum,
        committed=terms.committed_quantity if committed else 0,
        committed_until=terms.committed_until if committed else None,
        credit_limit=terms.credit_limit,
        po_number=terms.po_number,
    )


def lowest_from(held: InForce, moment: datetime) -> int:
    """The lowest number of seats from `moment` on."""
    committed = held.committed if held.committed_until is not None and moment < held.committed_until else 0
    return max(held.minimum, committed, 1)


def check_may_shrink(held: InForce, *, quantity: int, effective_at: datetime) -> None:
    """Raise MinimumSeats or CommitmentInForce when fewer than `quantity` seats must stay from `effective_at` on."""
    if quantity < held.minimum:
        raise MinimumSeats(
            ngettext(
                "The plan has a minimum of %(count)d seat.", "The plan has a minimum of %(count)d seats.", held.minimum
            )
            % {"count": held.minimum},
            field="quantity",
            minimum=held.minimum,
        )
    until = held.committed_until
    if until is not None and effective_at < until and quantity < held.committed:
        raise CommitmentInForce(
            ngettext(
                "%(count)d seat is committed until %(day)s. Fewer are possible from then on.",
                "%(count)d seats are committed until %(day)s. Fewer are possible from then on.",
                held.committed,
            )
            % {"count": held.committed, "day": day(until)},
            field="quantity",
            committed=held.committed,
            until=until.isoformat(),
        )
