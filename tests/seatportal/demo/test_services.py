"""The embedded services: what they keep, what they leave, what they say."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import environ
import psycopg
import pytest
import redis
from kombu import Connection

from seatportal.demo.processes import DirectoryInUse, DirectoryLock, Process, ServiceFailed
from seatportal.demo.services import Services
from seatportal.demo.sockets import LONGEST, socket_dir

ROOT = Path(__file__).resolve().parents[3]
# An owner that fills both services, says so, and then only waits to be killed.
OWNER = """
import sys, time, psycopg, redis
from pathlib import Path
from seatportal.demo.processes import DirectoryLock
from seatportal.demo.services import Services
lock = DirectoryLock(Path(sys.argv[1]))
lock.acquire()
services = Services(lock)
services.start()
with psycopg.connect(services.environment()["DATABASE_URL"]) as connection:
    connection.execute("CREATE TABLE kept (n int)")
    connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
redis.from_url(services.environment()["CACHE_URL"]).set("kept", "yes")
time.sleep(1.2)  # The broker writes its file to the disk each second.
print(*(service.process.pid for service in services.all), flush=True)
time.sleep(300)
"""


@pytest.fixture
def lock(tmp_path: Path) -> Generator[DirectoryLock]:
    lock = DirectoryLock(tmp_path)
    lock.acquire()
    yield lock
    lock.release()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A killed process whose new parent has not noticed yet is dead all the same.
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def connect(services: Services) -> psycopg.Connection:
    return psycopg.connect(services.environment()["DATABASE_URL"])


def cache(services: Services) -> redis.Redis:
    return redis.from_url(services.environment()["CACHE_URL"])


def wait_until_gone(*pids: int) -> list[int]:
    """Return those still alive after five seconds."""
    deadline = time.monotonic() + 5
    while (left := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def test_urls_work_for_django_and_celery(lock: DirectoryLock) -> None:
    with Services(lock, durable=False) as services:
        values = services.environment()
        settings = environ.Env.db_url_config(values["DATABASE_URL"])
        with psycopg.connect(
            dbname=settings["NAME"], user=settings["USER"], host=settings["OPTIONS"]["host"]
        ) as connection:
            row = connection.execute("SELECT current_database(), current_user::text").fetchone()
        cache = redis.from_url(values["CACHE_URL"])
        cache.set("k", "v")
        with Connection(values["BROKER_URL"]) as broker:
            queue = broker.SimpleQueue("q")
            queue.put("task")
            cache.flushdb()
            message = queue.get(timeout=2)
            message.ack()
            queue.close()

    assert row == ("seatportal", "postgres")
    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert message.payload == "task"


def test_only_the_owner_may_enter_the_sockets_folder(tmp_path: Path) -> None:
    (tmp_path / "sockets").mkdir(mode=0o777)

    folder = socket_dir(tmp_path)

    assert folder == tmp_path / "sockets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * LONGEST, "with space", "with%percent", "ümlaut"])
def test_sockets_live_elsewhere_when_the_data_folder_does_not_suit(tmp_path: Path, name: str) -> None:
    folder = socket_dir(tmp_path / name)

    assert tmp_path not in folder.parents
    assert len(str(folder)) <= LONGEST
    folder.rmdir()


def test_second_start_finds_the_state_of_the_first(lock: DirectoryLock) -> None:
    with Services(lock) as services:
        with connect(services) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        cache(services).set("kept", "yes")
        first = [service.process.pid for service in services.all]

    assert wait_until_gone(*first) == []
    with Services(lock) as services:
        with connect(services) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
        assert cache(services).get("kept") == b"yes"


def test_kill_leaves_no_process_and_the_next_start_recovers(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert owner.stdout is not None
    with owner.stdout:
        children = [int(pid) for pid in owner.stdout.readline().split()]
    assert len(children) == 2
    assert all(is_alive(pid) for pid in children)

    owner.send_signal(signal.SIGKILL)
    owner.wait()

    assert wait_until_gone(*children) == []
    # By now the number in the stale file may be another process's, as here our own.
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}/postgres\n0\n")
    (tmp_path / "sockets" / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    with DirectoryLock(tmp_path) as lock, Services(lock) as services:
        with connect(services) as connection:
            assert connection.execute("SELECT count(*), sum(n) FROM kept").fetchone() == (1000, 500500)
        assert cache(services).get("kept") == b"yes"


def test_a_half_built_cluster_is_built_anew(tmp_path: Path, lock: DirectoryLock) -> None:
    (tmp_path / "postgres.unfinished" / "base").mkdir(parents=True)
    (tmp_path / "postgres.unfinished" / "PG_VERSION").write_text("18\n")

    with Services(lock, durable=False) as services, connect(services) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)

    assert not (tmp_path / "postgres.unfinished").exists()


def test_a_folder_in_use_is_refused_and_the_owner_named(tmp_path: Path, lock: DirectoryLock) -> None:
    with pytest.raises(DirectoryInUse) as refusal:
        DirectoryLock(tmp_path).acquire(wait_seconds=0)

    assert str(refusal.value) == (
        f"The folder {tmp_path} is in use by process {os.getpid()}. Stop that one, or choose another folder."
    )


def test_a_child_that_outlives_its_owner_keeps_the_folder_locked(tmp_path: Path, lock: DirectoryLock) -> None:
    child = Process("A child", ["/bin/sleep", "60"], log=tmp_path / "log", lock=lock)
    child.start()
    lock.release()

    with pytest.raises(DirectoryInUse):
        DirectoryLock(tmp_path).acquire(wait_seconds=0)
    child.stop()
    lock.acquire(wait_seconds=0)


def test_a_service_that_fails_to_start_shows_the_end_of_its_log(tmp_path: Path, lock: DirectoryLock) -> None:
    log = tmp_path / "logs" / "broken.log"
    script = "for i in $(seq 1 20); do echo line $i; done; exit 3"
    process = Process("The broken one", ["/bin/sh", "-c", script], log=log, lock=lock)
    process.start()

    with pytest.raises(ServiceFailed) as failure:
        process.wait_for_output("ready")

    assert str(failure.value).splitlines() == [
        f"The broken one ended with status 3 before it was ready. The end of {log}:",
        *(f"  line {number}" for number in range(6, 21)),
    ]


def test_a_process_that_ignores_its_signal_is_killed(tmp_path: Path, lock: DirectoryLock) -> None:
    script = "trap '' TERM; sleep 60 & echo child $!; wait"
    process = Process("A mule", ["/bin/sh", "-c", script], log=tmp_path / "log", lock=lock, grace=0.2)
    process.start()
    grandchild = int(process.wait_for_output(r"child (\d+)\n")[1])

    process.stop()

    assert process.status == -signal.SIGKILL
    assert wait_until_gone(process.pid, grandchild) == []


def test_output_of_an_earlier_run_is_not_taken_for_this_one(tmp_path: Path, lock: DirectoryLock) -> None:
    process = Process("An echo", ["/bin/sh", "-c", "echo ready"], log=tmp_path / "log", lock=lock)

    assert process.run() == "ready\n"
    assert process.run() == "ready\n"
    assert (tmp_path / "log").read_text() == "ready\nready\n"


def test_given_services_are_used_and_not_started(lock: DirectoryLock) -> None:
    given = {"DATABASE_URL": "postgres://db/x", "BROKER_URL": "redis://b/0", "CACHE_URL": "redis://b/1"}

    with Services(lock, given={**given, "HOME": "/"}) as services:
        assert services.all == []
        assert services.environment() == given
