"""Staff screens of the seats."""

from seats.admin import holders, pool

__all__ = ["holders", "pool"]
