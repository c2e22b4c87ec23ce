"""`members_page`: a page of a hundred people of ten thousand, beside REST framework's plain list of the same."""

import json
from collections.abc import Callable
from statistics import median
from time import perf_counter

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from seatportal.bench.post import Line, get_bytes
from seatportal.bench.result import Result, Series
from seatportal.bench.seat_add import RATE, Firm, make_firm
from seatportal.bench.stage import Stage
from seatportal.demo.ports import any_free
from seatportal.demo.programs import answers

PAGE = 100
OURS = f"/api/v1/members?limit={PAGE}"


def bench(stage: Stage) -> Result:
    """First and last page of ours and the peer's first by turns over one connection each."""
    large, number, repetitions = (200, 3, 1) if stage.quick else (10_000, 15, 5)
    stage.programs.environment |= {"API_RATE": RATE, "LOG_LEVEL": "WARNING"}
    few, many = make_firm(10), make_firm(large)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as every database in use has been
    last = _last_page(many)
    port, peer_port = any_free(), any_free()
    web = stage.programs.web(port)
    peer = stage.programs.web(peer_port, "seatportal.bench.peers.members_site:application", name="A plain list")
    web.start()
    peer.start()
    try:
        web.wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez"))
        peer.wait_until(lambda: _listens(many, peer_port))
        with Line(port) as ours, Line(peer_port) as theirs:
            first, end, plain, plain_end = Series.by_turns(
                repetitions,
                lambda: _each(number, lambda: ours.send(page(many, OURS))),
                lambda: _each(number, lambda: ours.send(page(many, last))),
                lambda: _each(number, lambda: theirs.send(page(many, "/members?page=1"))),
                lambda: _each(number, lambda: theirs.send(page(many, f"/members?page={large // PAGE}"))),
                warm_up=True,
            )
    finally:
        web.stop()
        peer.stop()
    statements = {firm.account.pk: _statements(firm) for firm in (few, many)}
    return Result(
        bench="members_page",
        ours=first.median * 1000,
        against={
            "last page": end.median * 1000,
            "plain list, first page": plain.median * 1000,
            "plain list, last page": plain_end.median * 1000,
        },
        ratio={
            "first page / plain list": first.median / plain.median,
            "last page / first page": end.median / first.median,
            f"statements at {large} / at 10": statements[many.account.pk] / statements[few.account.pk],
        },
        goal={
            "first page / plain list": "<= 1",
            "last page / first page": "<= 1.5",
            f"statements at {large} / at 10": "<= 1",
        },
        unit=f"ms for a page of {PAGE} of {large} members",
        spread={"ours": first.milliseconds, "plain list, first page": plain.milliseconds},
        notes=(
            f"{number} requests over one connection, {repetitions} repetitions by turns",
            f"statements of one request: {statements[many.account.pk]}, the key's among them",
            "the plain list counts its rows, as page numbers need; it says name, address, role, department and seat,"
            " ours says that and activity, manager, queue and level",
        ),
    )


def page(firm: Firm, path: str) -> bytes:
    """The request for one page."""
    return get_bytes(path=path, headers={"Authorization": f"Bearer {firm.secret}"})


def _last_page(firm: Firm) -> str:
    """Its address, found by following the links."""
    client, path = _client(firm), OURS
    while following := client.get(path).json()["next"]:
        path = "/api/v1/" + following.partition("/api/v1/")[2]
    return path


def _statements(firm: Firm) -> int:
    client = _client(firm)
    client.get(OURS)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(OURS)
    if not answer.json()["results"]:
        raise RuntimeError(answer.content.decode())
    return len(queries)


def _client(firm: Firm) -> Client:
    return Client(headers={"Authorization": f"Bearer {firm.secret}"})


def _listens(firm: Firm, port: int) -> bool:
    try:
        with Line(port) as line:
            return len(json.loads(line.send(page(firm, "/members?page=1")))["results"]) > 0
    except OSError:
        return False


def _each(number: int, act: Callable[[], object]) -> float:
    """The median seconds of one."""
    found = []
    for _ in range(number):
        began = perf_counter()
        act()
        found.append(perf_counter() - began)
    return median(found)
