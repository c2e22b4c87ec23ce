"""Which benches there are."""

from collections.abc import Callable

from seatportal.bench import (
    entitlements,
    ingest,
    members_page,
    metrics,
    seat_add,
    shopping,
    simulator,
    sweep,
    usage_page,
    webhooks,
)
from seatportal.bench.result import Result
from seatportal.bench.stage import Stage

BENCHES: dict[str, Callable[[Stage], Result]] = {
    "webhooks": webhooks.bench,
    "quote": shopping.bench_quote,
    "purchase": shopping.bench_purchase,
    "simulator": simulator.bench,
    "ingest": ingest.bench,
    "entitlements": entitlements.bench,
    "seat_add": seat_add.bench,
    "members_page": members_page.bench,
    "usage_page": usage_page.bench,
    "sweep": sweep.bench,
    "metrics": metrics.bench,
}
