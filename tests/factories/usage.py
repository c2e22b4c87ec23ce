"""Usage events for tests."""

from datetime import datetime
from itertools import count
from typing import Any

from seats.usage.event import Event

_numbers = count(1)


def event(user: str, at: datetime, *, feature: str = "Reports", **fields: Any) -> Event:
    """One event; its id is new unless it is given."""
    return Event(**{"id": f"e-{next(_numbers)}", "user": user, "feature": feature, "occurred_at": at, **fields})
