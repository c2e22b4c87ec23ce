"""Every fault of payments.md §11.1 enumerated against real processes: `manage.py crash_matrix` (docs/adr/0012)."""
