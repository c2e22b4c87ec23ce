"""Staff screens of the seats."""

from seats.admin import holders, pool, true_ups

__all__ = ["holders", "pool", "true_ups"]
