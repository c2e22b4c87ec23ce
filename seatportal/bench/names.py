"""The names of the benches, known without loading what they measure."""

NAMES = (
    "webhooks",
    "quote",
    "purchase",
    "simulator",
    "ingest",
    "entitlements",
    "seat_add",
    "members_page",
    "usage_page",
    "sweep",
    "metrics",
)
