"""Staff screens of the seats."""

from seats.admin import contacts, holders, jobs, pool, signals, tasks, true_ups, usage

__all__ = ["contacts", "holders", "jobs", "pool", "signals", "tasks", "true_ups", "usage"]
