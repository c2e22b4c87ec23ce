"""What billing tells the apps above it. Each is sent inside the transaction that wrote the fact."""

from django.dispatch import Signal

# subscription, before: int, after: int, change: QuantityChange | None, invoice_stripe_id: str, kind: str, at: datetime.
# kind is one of started, bought, undone, reduced, external, ended.
quantity_changed = Signal()

# subscription, at: datetime. Its status, its end or a pause moved.
standing_changed = Signal()

# change: QuantityChange, at: datetime. It reached another state, or what its payment waits for is another thing.
change_moved = Signal()
