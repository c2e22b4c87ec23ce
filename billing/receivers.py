"""Facts of billing that people are told of. They run in the teller's transaction."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from billing import facts
from billing.models import QuantityChange
from billing.notices.tell_change import tell_change


@receiver(facts.change_moved)
def tell_of_change(change: QuantityChange, at: datetime, **_: Any) -> None:
    """A purchase or its undo reached another state."""
    tell_change(change=change, at=at)
