"""`metrics`: the metrics of all accounts by segment, and what caused their growth, beside scans of the same tables."""

from time import perf_counter

from django.db import connection

from seatportal.bench.market import build_market
from seatportal.bench.result import Result, Series
from seatportal.bench.stage import Stage
from seatportal.kit.clock import now
from seats.growth.mark_accounts import mark_accounts
from seats.insight.kpi_queries import growth_by_cause, kpis_by_month, kpis_of_month, months_to_show, newest_month


def bench(stage: Stage) -> Result:
    """One segment's table and the causes, against reading members, and accounts with the ledger, once."""
    many, repetitions = (2_000, 1) if stage.quick else (100_000, 5)
    market = build_market(many)
    first, again = _marked(), _marked()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")

    def segments() -> float:
        began = perf_counter()
        month = newest_month()
        if month is None:
            raise RuntimeError("No month is counted.")
        kpis_of_month("industry", month.first)
        return perf_counter() - began

    def trend() -> float:
        began = perf_counter()
        kpis_by_month("industry", [month.first for month in months_to_show()])
        return perf_counter() - began

    def causes() -> float:
        began = perf_counter()
        growth_by_cause(now())
        return perf_counter() - began

    def members() -> float:
        return _scan("SELECT count(*) FROM accounts_membership WHERE last_active_at >= now() - interval '30 days'")

    def ledger() -> float:
        return _scan("SELECT count(*) FROM seats_ledgerentry WHERE purchased_after > purchased_before") + _scan(
            "SELECT count(*) FROM accounts_account WHERE industry <> ''"
        )

    took, moved, caused, read, scanned = Series.by_turns(
        repetitions, segments, trend, causes, members, ledger, warm_up=True
    )
    return Result(
        bench="metrics",
        ours=took.median * 1000,
        against={
            "trend_ms": moved.median * 1000,
            "causes_ms": caused.median * 1000,
            "members_scan_ms": read.median * 1000,
            "ledger_scan_ms": scanned.median * 1000,
        },
        ratio={"segments": took.median / read.median, "expansion": caused.median / scanned.median},
        goal={"segments": "<= 3", "expansion": "<= 15"},
        unit="ms for all metrics of one segmentation",
        spread={"ours": took.milliseconds, "causes_ms": caused.milliseconds, "members_scan_ms": read.milliseconds},
        notes=(
            f"{many} accounts with {market.members} members; utilization, expansion, time to expansion and health by "
            "industry are one statement over the month's marks, held against a scan of the members; the trend reads "
            "the marks of all months",
            f"counting the marks: {again * 1000:.0f} ms when nothing moved, which is every hour; {first * 1000:.0f} ms "
            "the first time, with twelve months told from history",
        ),
    )


def _marked() -> float:
    began = perf_counter()
    mark_accounts(at=now())
    return perf_counter() - began


def _scan(statement: str) -> float:
    """Each row read once, by a scan of the table."""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off")
        began = perf_counter()
        cursor.execute(statement)
        cursor.fetchone()
        took = perf_counter() - began
        cursor.execute("RESET enable_indexscan; RESET enable_indexonlyscan; RESET enable_bitmapscan")
    return took
