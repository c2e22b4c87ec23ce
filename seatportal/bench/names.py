"""The names of the benches, known without loading what they measure."""

NAMES = ("webhooks", "quote", "purchase", "simulator", "ingest", "entitlements", "usage_page", "sweep", "metrics")
