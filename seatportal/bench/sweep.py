"""`sweep`: every account's utilization read, and signals, alerts and tasks written where something changed.

Against one sequential scan of the members, an ORM loop over the accounts, and one Celery task an account.
"""

from datetime import datetime
from statistics import median
from time import monotonic, perf_counter, sleep

from django.core.cache import cache
from django.db import connection

from seatportal.bench.market import Market, build_market
from seatportal.bench.one_account import DONE, sweep_one, sweep_one_account
from seatportal.bench.result import Result, Series
from seatportal.bench.stage import Stage
from seatportal.kit.clock import now
from seats.growth.sweep import spans, sweep_span
from seats.models import SeatPool

# Of so many accounts one crosses a threshold between two sweeps: each about every six weeks, if they are hourly.
ONE_IN = 1_000


def bench(stage: Stage) -> Result:
    """Small, then large: the first for the time per account, the second for all ratios."""
    few, many, repetitions = (200, 2_000, 1) if stage.quick else (1_000, 100_000, 3)
    sample = 50 if stage.quick else 500
    small = _steady(build_market(few), max(repetitions, 3))[0]
    market = build_market(many)
    began = perf_counter()
    written = sweep_all(now())
    first = perf_counter() - began
    ours, scan, loop = _steady(market, repetitions, sample)
    nightly, scan_at_night = Series.by_turns(repetitions, _night, _scan, warm_up=True)
    per_task = _one_task_an_account(stage, sample)
    each, each_small = ours.median / many, small.median / few
    return Result(
        bench="sweep",
        ours=each * 1e6,
        against={
            "scan_ms": scan.median * 1000,
            "orm_loop_us": loop.median * 1e6,
            "celery_task_us": per_task * 1e6,
            "nightly_us": nightly.median / many * 1e6,
        },
        ratio={
            "scan": ours.median / scan.median,
            "flat": each / each_small,
            "orm_loop": loop.median / each,
            "celery_task": per_task / each,
            "nightly to scan": nightly.median / scan_at_night.median,
        },
        goal={"scan": "<= 6", "flat": "<= 1.5", "orm_loop": ">= 100", "celery_task": ">= 100"},
        unit="µs per account",
        spread={"ours": f"{min(ours.values) / many * 1e6:.3g} to {max(ours.values) / many * 1e6:.3g}"},
        notes=(
            f"{many} accounts with {market.members} members; one in {ONE_IN} crosses between two sweeps, and its "
            "signals, alerts, deliveries and tasks are written",
            f"the first sweep of all, which writes {written} signals with what follows: {first:.2f} s",
            "the nightly look has every detector, also headcount, which reads all members; it has no goal",
            f"{few} accounts: {each_small * 1e6:.3g} µs each; loop and tasks measured on {sample} accounts",
        ),
    )


def sweep_all(at: datetime) -> int:
    """Every shard, one after the other, as one worker would; returns how many signals opened."""
    return sum(sweep_span(span=span, at=at, nightly=False).opened for span in spans())


def _night() -> float:
    """The look that has every detector, where nothing changed since the last one."""
    at, began = now(), perf_counter()
    for span in spans():
        sweep_span(span=span, at=at, nightly=True)
    return perf_counter() - began


def _steady(market: Market, repetitions: int, sample: int = 20) -> tuple[Series, Series, Series]:
    """Ours, a scan, and an account in a loop, by turns; before each sweep some accounts cross."""
    sweep_all(now())
    turn = 0

    def ours() -> float:
        nonlocal turn
        turn += 1
        _move(market, turn)
        at, began = now(), perf_counter()
        sweep_all(at)
        return perf_counter() - began

    def loop() -> float:
        began = perf_counter()
        for pool in SeatPool.objects.order_by("pk")[:sample].select_related("account"):
            sweep_one(pool.account, now())
        return (perf_counter() - began) / sample

    swept, scanned, looped = Series.by_turns(repetitions, ours, _scan, loop, warm_up=True)
    return swept, scanned, looped


def _scan() -> float:
    """The limit: the members read once, by a scan of the table."""
    times = []
    with connection.cursor() as cursor:
        cursor.execute("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off")
        for _ in range(3):
            began = perf_counter()
            cursor.execute(
                "SELECT count(*) FROM accounts_membership WHERE last_active_at >= now() - interval '30 days'"
            )
            cursor.fetchone()
            times.append(perf_counter() - began)
        cursor.execute("RESET enable_indexscan; RESET enable_indexonlyscan; RESET enable_bitmapscan")
    return median(times)


def _move(market: Market, turn: int) -> None:
    """One account of ONE_IN crosses 80 %, or goes back below 75 %; no ledger, for only the counters are read."""
    with connection.cursor() as cursor:
        cursor.execute(
            # 90 % taken, or 70 %.
            "UPDATE seats_seatpool SET purchased = CASE WHEN assigned * 10 < purchased * 8 THEN assigned * 10 / 9 "
            "ELSE assigned * 10 / 7 END "
            "WHERE account_id %% %s = 1 AND account_id <= %s",
            [ONE_IN, market.accounts],
        )
        cursor.execute("VACUUM ANALYZE seats_seatpool, seats_signal")


def _one_task_an_account(stage: Stage, sample: int) -> float:
    """Seconds per account, from the first message until the last task is done, with two worker processes."""
    cache.set(DONE, 0, timeout=3600)
    worker = stage.programs.worker(include="seatportal.bench.one_account")
    worker.start()
    try:
        worker.wait_for_output(r"celery@\S+ ready")
        accounts = list(SeatPool.objects.order_by("pk").values_list("account_id", flat=True)[:sample])
        began = monotonic()
        for pk in accounts:
            sweep_one_account.delay(pk)
        while cache.get(DONE) < len(accounts):
            sleep(0.005)
        return (monotonic() - began) / sample
    finally:
        worker.stop()
