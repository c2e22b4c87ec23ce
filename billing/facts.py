"""What billing tells the apps above it. Each is sent inside the transaction that wrote the fact."""

from dataclasses import dataclass

from django.dispatch import Signal

# subscription, before: int, after: int, change: QuantityChange | None, invoice_stripe_id: str, kind: str, at: datetime.
# kind is one of started, bought, plan, undone, reduced, external, ended.
quantity_changed = Signal()

# subscription, at: datetime. Its status, its end or a pause moved, or an invoice did, or its dunning with time.
standing_changed = Signal()

# plan: ScheduledDecrease, at: datetime. Fewer seats from its day on.
reduction_planned = Signal()

# change: QuantityChange, at: datetime. It reached another state, or what its payment waits for is another thing.
change_moved = Signal()

# wish: Resumption, at: datetime. A paused subscription was to go on, and that reached another state.
resumption_moved = Signal()

# refund: Refund, at: datetime. The bank sent it back, and the money is credit of the customer again.
refund_returned = Signal()


@dataclass(frozen=True)
class SeatBooks:
    """What the apps above have written down of one account; the reconciliation holds it against ours.

    purchased: what is offered as purchased. ledger: the sum of its history. counted: the counter of seats taken.
    taken: seats really taken. invoices: those of Stripe's invoices, of the ones asked for, that the history names.
    """

    purchased: int
    ledger: int
    counted: int
    taken: int
    invoices: frozenset[str] = frozenset()


# account, invoices: Collection[str]. A question: the receiver answers with SeatBooks, in the asker's transaction.
books_wanted = Signal()

# account, purchased: int. Count the seats taken anew, and offer so many as purchased.
recount_wanted = Signal()
