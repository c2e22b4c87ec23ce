"""`seat_add`: seats given a second over HTTP, beside django-organizations' members and its own SQL in pgbench."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from uuid import uuid4

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.access.actor import Actor
from accounts.keys.issue_api_key import issue_api_key
from accounts.members.open_account import open_account
from accounts.models import Account, Membership, User
from seatportal.bench.peers.environment import Peer, peer_site, sockets
from seatportal.bench.post import Timed, request_bytes, time_all
from seatportal.bench.result import Result
from seatportal.bench.stage import Stage
from seatportal.demo.ports import any_free
from seatportal.demo.postgres import wheel_binaries
from seatportal.demo.processes import Process
from seatportal.demo.programs import answers
from seatportal.kit.clock import now
from seats.capacity.record_purchase import record_purchase
from seats.holders.assign_seat import assign_seat

CONNECTIONS = 8
SITE = Path(__file__).parent / "peers" / "organizations_site.py"
REQUIREMENTS = (
    "django-organizations==2.7.*",
    "django>=6.1.3,<6.2",
    "psycopg[binary]>=3.3.9,<3.4",
    "gunicorn>=27.0.1,<28",
)
# The bench's own limit stands aside; its cost stays.
RATE = "10000000/min"
# A member whose key stands out in the statements of one add.
STANDS_OUT = 987_654_321_000
_own_ids = count(1)


@dataclass(frozen=True)
class Firm:
    """An account with people without seats. free: ids of those who have not been given one."""

    account: Account
    secret: str
    free: list[str]

    def requests(self, number: int) -> list[bytes]:
        """So many adds, each for somebody else."""
        taken, self.free[:] = self.free[:number], self.free[number:]
        return [
            request_bytes(
                path="/api/v1/assignments",
                body=json.dumps({"member_id": one}).encode(),
                headers={"Authorization": f"Bearer {self.secret}"},
            )
            for one in taken
        ]


def bench(stage: Stage) -> Result:
    """One hot account, many accounts, the peer and pgbench by turns; the median of the rounds."""
    number, repetitions, firms, large = (40, 1, 4, 100) if stage.quick else (1_000, 3, 100, 10_000)
    stage.programs.environment |= {"API_RATE": RATE, "LOG_LEVEL": "WARNING"}
    rounds = repetitions + 1
    hot = make_firm(number * rounds)
    spread = [make_firm(number // firms * rounds) for _ in range(firms)]
    statements = {size: _statements(make_firm(size)) for size in (10, large)}
    script = _script(stage, make_firm(number * rounds + 1), number * rounds)
    port = any_free()
    web = stage.programs.web(port)
    with peer_site(stage, "organizations", SITE, REQUIREMENTS, {}) as peer:
        web.start()
        try:
            web.wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez"))
            measures: dict[str, Callable[[], Timed]] = {
                "ours": lambda: time_all(hot.requests(number), port=port, connections=CONNECTIONS),
                "spread": lambda: time_all(_mixed(spread, number // firms), port=port, connections=CONNECTIONS),
                "django-organizations": partial(_theirs, peer, number),
                "the same SQL in pgbench": partial(_pgbench, stage, script, number),
            }
            found = [{name: measure() for name, measure in measures.items()} for _ in range(rounds)][1:]
        finally:
            web.stop()
    rate = {name: median(one[name].rate for one in found) for name in measures}
    p95 = {name: median(one[name].p95 for one in found) for name in measures}
    peer_name, sql = "django-organizations", "the same SQL in pgbench"
    return Result(
        bench="seat_add",
        ours=rate["ours"],
        against={
            f"{peer_name}, adds/s": rate[peer_name],
            f"spread over {firms} accounts, adds/s": rate["spread"],
            f"{sql}, adds/s": rate[sql],
            "p95 of ours, ms": p95["ours"] * 1000,
            f"p95 of {sql}, ms": p95[sql] * 1000,
            f"p95 of {peer_name}, ms": p95[peer_name] * 1000,
        },
        ratio={
            f"rate / {peer_name}": rate["ours"] / rate[peer_name],
            f"p95 / {sql}": p95["ours"] / p95[sql],
            "one hot account / spread": rate["ours"] / rate["spread"],
            "statements": statements[large],
            f"statements at {large} / at 10": statements[large] / statements[10],
        },
        goal={
            f"rate / {peer_name}": ">= 10",
            f"p95 / {sql}": "<= 25",
            "one hot account / spread": ">= 0.8",
            "statements": "<= 8",
            f"statements at {large} / at 10": "<= 1",
        },
        unit="adds/s",
        spread={
            name: f"{min(one[name].rate for one in found):.4g} to {max(one[name].rate for one in found):.4g}"
            for name in measures
        },
        notes=(
            f"{number} adds per repetition over {CONNECTIONS} connections, {repetitions} repetitions by turns",
            "ours: POST /api/v1/assignments with a key, limit, seat, ledger, webhook event and audit; the peer knows no"
            " limit and writes no audit",
        ),
    )


def make_firm(people: int) -> Firm:
    """An account with more seats than people."""
    at = now()
    user = User.objects.create(email=f"{uuid4().hex[:12]}@bench.example", name="Owner")
    actor = Actor(user=user, door="sign_up")
    account = open_account(name="Bench", user=user, at=at, actor=actor)
    with transaction.atomic():
        record_purchase(
            account=account,
            kind="started",
            before=0,
            after=people + 10,
            change=None,
            invoice_stripe_id="",
            actor=None,
            reason="",
            at=at,
        )
    users = User.objects.bulk_create(
        User(email=f"{uuid4().hex[:16]}@bench.example", name=f"Person {n}") for n in range(people)
    )
    members = Membership.objects.bulk_create(Membership(account=account, user=one, joined_at=at) for one in users)
    _, secret = issue_api_key(
        account=account,
        name="Bench",
        scopes=["seats.view", "seats.assign"],
        expires_at=None,
        membership=Membership.objects.get(account=account, user=user),
        actor=actor,
        at=at,
    )
    return Firm(account, secret, [one.public_id for one in members])


def _mixed(firms: Sequence[Firm], each: int) -> list[bytes]:
    """One add of each account after the other."""
    return [one for turn in zip(*(firm.requests(each) for firm in firms), strict=True) for one in turn]


def _theirs(peer: Peer, number: int) -> Timed:
    first = int(peer.run("people", str(number)))
    requests = [
        request_bytes(path="/add", body=json.dumps({"user": first + n}).encode(), headers={}) for n in range(number)
    ]
    return time_all(requests, port=peer.port, connections=CONNECTIONS)


def _statements(firm: Firm) -> int:
    """SQL statements of one request, the key's among them. The first request does what is done once a minute."""
    client = Client(headers={"Authorization": f"Bearer {firm.secret}"})

    def add() -> None:
        answer = client.post(
            "/api/v1/assignments", json.dumps({"member_id": firm.free.pop()}), content_type="application/json"
        )
        if answer.status_code != 201:
            raise RuntimeError(answer.content.decode())

    add()
    with CaptureQueriesContext(connection) as queries:
        add()
    return len(queries)


def _script(stage: Stage, firm: Firm, number: int) -> Path:
    """What `assign_seat` says to PostgreSQL, with another person each time."""
    other = Membership.objects.get(public_id=firm.free[-1])
    ids = list(Membership.objects.filter(public_id__in=firm.free[:-1]).order_by("pk").values_list("pk", flat=True))
    Membership.objects.filter(pk=other.pk).update(id=STANDS_OUT)
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        sample = Membership.objects.select_related("user").get(pk=STANDS_OUT)
        assign_seat(account=firm.account, membership=sample, actor=Actor.system("demo"), at=now())
        transaction.set_rollback(True)
    said = [one["sql"] for one in queries.captured_queries]
    first = next(n for n, sql in enumerate(said) if "FOR NO KEY UPDATE" in sql)
    inside = [
        sql
        for sql in said[first:]
        if not sql.upper().startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"))
    ]
    fresh = r"'\1_' || substr(md5(random()::text || clock_timestamp()::text), 1, 20)"
    lines = [
        re.sub(r"'([a-z]{3,4})_[0-9a-z]{20}'", fresh, sql).replace(str(STANDS_OUT), ":member").replace("\n", " ")
        for sql in inside
    ]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_people (n bigint PRIMARY KEY, member bigint)")
        cursor.execute("CREATE SEQUENCE bench_next")
        cursor.execute(
            "INSERT INTO bench_people SELECT n, member FROM unnest(%s::bigint[]) WITH ORDINALITY AS p(member, n)", [ids]
        )
    path = stage.folder / "seat_add.sql"
    pick = "SELECT member FROM bench_people WHERE n = (SELECT nextval('bench_next')) \\gset"
    path.write_text("\n".join([pick, "BEGIN;", *(f"{line};" for line in lines), "COMMIT;", ""]))
    return path


def _pgbench(stage: Stage, script: Path, number: int) -> Timed:
    """The transactions of the script by as many clients as ours has connections."""
    folder = stage.folder / f"pgbench{next(_own_ids)}"
    folder.mkdir()
    program = shutil.which("pgbench") or wheel_binaries() / "pgbench"
    each = number // CONNECTIONS
    command: list[str | Path] = [program, "--no-vacuum", "--file", script, "--log", "--log-prefix", folder / "log"]
    command += ["--client", str(CONNECTIONS), "--jobs", "2", "--transactions", str(each)]
    command += ["--host", sockets(), "--username", "postgres", str(connection.settings_dict["NAME"])]
    said = Process("pgbench", command, log=folder / "said.log", lock=stage.programs.lock).run()
    took = sorted(int(line.split()[2]) for log in folder.glob("log*") for line in log.read_text().splitlines())
    rate = re.search(r"tps = ([\d.]+)", said)
    if rate is None or len(took) != each * CONNECTIONS:
        raise RuntimeError(said)
    return Timed(float(rate[1]), took[int(len(took) * 0.95)] / 1_000_000)
