"""Staff screens of the seats."""

from seats.admin import holders, pool, signals, true_ups, usage

__all__ = ["holders", "pool", "signals", "true_ups", "usage"]
