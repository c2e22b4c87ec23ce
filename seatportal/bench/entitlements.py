"""`entitlements`: warm checks a second and how long one takes, beside a view that knows the caller and does nothing."""

from collections.abc import Sequence
from functools import partial

from seatportal.bench.ingest import RATE, Sender, make_sender
from seatportal.bench.post import Timed, get_bytes, time_all
from seatportal.bench.result import Result
from seatportal.bench.stage import Stage
from seatportal.demo.ports import any_free
from seatportal.demo.programs import answers

CONNECTIONS = 4


def bench(stage: Stage) -> Result:
    """Measure by turns; the median of the rounds."""
    number, repetitions = (200, 1) if stage.quick else (4_000, 3)
    stage.programs.environment |= {"ENTITLEMENTS_RATE": RATE, "LOG_LEVEL": "WARNING"}
    port, peer_port = any_free(), any_free()
    web = stage.programs.web(port)
    peer = stage.programs.web(peer_port, "seatportal.bench.peers.noop_site:application", name="Views without work")
    sender = make_sender(stage.quick, scopes=("entitlements.check",))
    web.start()
    peer.start()
    try:
        web.wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez"))
        peer.wait_until(lambda: _listens(sender, peer_port))
        paths = [f"/api/v1/entitlements/p{one % sender.people}" for one in range(number)]
        measures = {
            "ours": partial(_ask, sender, port, paths),
            "lean view that does nothing": partial(_ask, sender, peer_port, ["/lean"] * number),
            "usual view that does nothing": partial(_ask, sender, peer_port, ["/usual"] * number),
        }
        rounds = [{name: measure() for name, measure in measures.items()} for _ in range(repetitions + 1)][1:]
    finally:
        web.stop()
        peer.stop()
    rate = {name: _median([one[name].rate for one in rounds]) for name in measures}
    p95 = {name: _median([one[name].p95 for one in rounds]) for name in measures}
    nothing, usual = "lean view that does nothing", "usual view that does nothing"
    return Result(
        bench="entitlements",
        ours=rate["ours"],
        against={name: rate[name] for name in (nothing, usual)}
        | {f"p95 of {name}, ms": p95[name] * 1000 for name in p95},
        ratio={
            f"rate / {nothing}": rate["ours"] / rate[nothing],
            f"p95 / {nothing}": p95["ours"] / p95[nothing],
            f"rate / {usual}": rate["ours"] / rate[usual],
        },
        goal={f"rate / {nothing}": ">= 0.6", f"p95 / {nothing}": "<= 2"},
        unit="checks/s",
        spread={
            name: f"{min(one[name].rate for one in rounds):.4g} to {max(one[name].rate for one in rounds):.4g}"
            for name in measures
        },
        notes=(
            f"{number} checks of {sender.people} people per repetition over {CONNECTIONS} connections, "
            f"{repetitions} repetitions, each answer asked for before",
            "both servers have two processes; the views without work know the key and count the rate, too",
        ),
    )


def _listens(sender: Sender, port: int) -> bool:
    try:
        return _ask(sender, port, ["/lean"]).rate > 0
    except OSError:
        return False


def _ask(sender: Sender, port: int, paths: Sequence[str]) -> Timed:
    """Each path once, in order, over CONNECTIONS at a time. Raises Refused."""
    headers = {"Authorization": f"Bearer {sender.secret}"}
    return time_all([get_bytes(path=path, headers=headers) for path in paths], port=port, connections=CONNECTIONS)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
