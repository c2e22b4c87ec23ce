"""The demo's supervisor: restarts, order of stopping, signals, and what is kept between starts."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from seatportal.demo.ports import any_free, is_free, next_free
from seatportal.demo.processes import DirectoryLock, Process, ServiceFailed
from seatportal.demo.state import DemoState
from seatportal.demo.supervisor import MAX_QUICK_DEATHS, Supervisor

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def lock(tmp_path: Path) -> Generator[DirectoryLock]:
    with DirectoryLock(tmp_path) as lock:
        yield lock


def shell(lock: DirectoryLock, name: str, script: str) -> Process:
    return Process(name, ["/bin/sh", "-c", script], log=lock.directory / f"{name}.log", lock=lock)


def wait_for_death(process: Process) -> None:
    deadline = time.monotonic() + 5
    while process.status is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_program_that_dies_is_shown_and_started_again(lock: DirectoryLock) -> None:
    told: list[str] = []
    program = shell(lock, "web", "echo working; exec sleep 60")
    with Supervisor(tell=told.append, vital=[], first_pause=0.0) as supervisor:
        supervisor.start(program)
        program.wait_for_output("working")
        first = program.pid
        os.kill(first, signal.SIGKILL)
        wait_for_death(program)

        supervisor.check()
        supervisor.check()

        assert program.pid != first
        assert program.status is None
    assert told == [
        f"web ended by itself with status -9. The end of {lock.directory}/web.log:\n"
        "  working\nStarting it again in 0.0 s."
    ]
    assert program.status == -signal.SIGTERM


def test_a_program_that_dies_at_each_start_is_given_up(lock: DirectoryLock) -> None:
    told: list[str] = []
    program = shell(lock, "beat", "echo no; exit 7")
    with Supervisor(tell=told.append, vital=[], first_pause=0.0) as supervisor:
        supervisor.start(program)

        for _ in range(MAX_QUICK_DEATHS - 1):
            wait_for_death(program)
            supervisor.check()  # buries it
            supervisor.check()  # starts it again
        wait_for_death(program)
        with pytest.raises(ServiceFailed) as failure:
            supervisor.check()

    assert str(failure.value) == (
        f"beat ended {MAX_QUICK_DEATHS} times right after its start. The end of {lock.directory}/beat.log:\n  no"
    )
    assert len(told) == MAX_QUICK_DEATHS - 1
    assert (lock.directory / "beat.log").read_text() == "no\n" * MAX_QUICK_DEATHS


def test_a_pause_comes_before_the_next_start(lock: DirectoryLock) -> None:
    program = shell(lock, "worker", "exit 1")
    with Supervisor(tell=lambda _: None, vital=[], first_pause=30.0) as supervisor:
        supervisor.start(program)
        wait_for_death(program)
        first = program.pid

        for _ in range(3):
            supervisor.check()

        assert program.pid == first


def test_the_death_of_a_vital_process_ends_everything(lock: DirectoryLock) -> None:
    database = shell(lock, "database", "exit 2")
    program = shell(lock, "web", "exec sleep 60")
    database.start()
    wait_for_death(database)

    with Supervisor(tell=lambda _: None, vital=[database]) as supervisor:
        supervisor.start(program)
        with pytest.raises(ServiceFailed, match="^database ended by itself with status 2"):
            supervisor.watch()

    assert program.status == -signal.SIGTERM


def test_programs_stop_in_reverse_order(lock: DirectoryLock) -> None:
    order = lock.directory / "order"
    with Supervisor(tell=lambda _: None, vital=[]) as supervisor:
        for name in ("first", "second", "third"):
            trap = f"trap 'echo {name} >> {order}; exit 0' TERM; echo up; while :; do sleep 0.01; done"
            program = shell(lock, name, trap)
            supervisor.start(program)
            program.wait_for_output("up")

    assert order.read_text().split() == ["third", "second", "first"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_a_second_one_does_not_interrupt_that(
    tmp_path: Path, number: signal.Signals
) -> None:
    program = f"""
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_IGN)  # As a shell does for what it starts in the background.
from seatportal.demo.processes import DirectoryLock, Process
from seatportal.demo.supervisor import Supervisor, ending_on_signals
try:
    with ending_on_signals(), DirectoryLock(Path({str(tmp_path)!r})) as lock:
        slow = "trap 'sleep 0.5; echo stopped in peace; exit 0' TERM; echo up; while :; do sleep 0.01; done"
        with Supervisor(tell=print, vital=[]) as supervisor:
            child = Process("slow", ["/bin/sh", "-c", slow], log=Path({str(tmp_path)!r}) / "log", lock=lock)
            supervisor.start(child)
            child.wait_for_output("up")
            print("ready", flush=True)
            supervisor.watch()
except KeyboardInterrupt:
    print("ended", flush=True)
"""
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert owner.stdout is not None
    with owner.stdout:
        assert owner.stdout.readline() == "ready\n"
        owner.send_signal(number)
        time.sleep(0.2)
        owner.send_signal(number)

        assert owner.stdout.read() == "ended\n"
    assert owner.wait(timeout=5) == 0
    assert (tmp_path / "log").read_text() == "up\nstopped in peace\n"


def test_a_busy_port_is_passed_over(lock: DirectoryLock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        busy = server.getsockname()[1]

        assert not is_free(busy)
        assert next_free(busy) > busy
    assert is_free(any_free())


def test_no_free_port_is_said() -> None:
    with pytest.raises(OSError, match="^No port from 65536 to 65535 is free.$"):
        next_free(65536)


def test_state_is_kept_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    state = DemoState(tmp_path)
    secret = state.once("secret_key")
    state.put(simulator_port=4242)

    again = DemoState(tmp_path)

    assert again.once("secret_key") == secret
    assert len(secret) == 64
    assert again.values == {"secret_key": secret, "simulator_port": 4242}
    assert again.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
