"""The names of the benches, known without loading what they measure."""

NAMES = ("webhooks", "quote", "purchase", "simulator", "ingest", "usage_page", "sweep", "metrics")
