"""Staff screens of the seats."""

from seatportal.kit.admin import TODAY
from seats.admin import (
    accounts,
    contacts,
    features,
    holders,
    jobs,
    nudges,
    people,
    pool,
    recurring,
    reviews,
    rollout,
    signals,
    tasks,
    true_ups,
    usage,
)

TODAY.append(accounts.figures)

__all__ = [
    "contacts",
    "features",
    "holders",
    "jobs",
    "nudges",
    "people",
    "pool",
    "recurring",
    "reviews",
    "rollout",
    "signals",
    "tasks",
    "true_ups",
    "usage",
]
