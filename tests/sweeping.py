"""Five processes that sweep at once and then send what is due: `python -m tests.sweeping STEP WAY ACCOUNT`.

The first stands still at its step. The others start, and each comes to its end or waits for what the first one holds;
then the first is killed there by SIGKILL, and the others come to theirs. Prints how each of them ended.
WAY is `round` (parts that workers share) or `account` (as the command does it, with no part to lock).
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import django

STEPS = (
    "before anything is written",
    "after the signal is written",
    "after the task is written",
    "after all is written, before the commit",
    "after the commit, before the mail",
)
PROCESSES = 5


def main(step: str, way: str, slug: str) -> None:
    """Fork, start, kill, tell."""
    django.setup()
    read, write = os.pipe()
    victim = fork(lambda: sweep_once(way, slug, step, lambda: os.write(write, b"!")))
    assert os.read(read, 1) == b"!"
    living = {fork(lambda: sweep_once(way, slug)) for _ in range(PROCESSES - 1)}
    ends = []
    while living:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            living.discard(pid)
            ends.append(os.waitstatus_to_exitcode(status))
        elif waiting_for_a_lock() == len(living):
            break
        time.sleep(0.02)
    os.kill(victim, signal.SIGKILL)
    ends += [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in (victim, *living)]
    sys.stdout.write(json.dumps(sorted(ends)))


def fork(work: Callable[[], None]) -> int:
    """A process of its own, with connections of its own."""
    if pid := os.fork():
        return pid
    try:
        work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def waiting_for_a_lock() -> int:
    """How many sessions of this database wait for another one's transaction."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def sweep_once(way: str, slug: str, step: str = "", inside: Callable[[], object] = lambda: None) -> None:
    """Sweep, then deliver; at the step say so and stand still."""
    from django.db import connections

    from accounts.models import Account
    from seatportal.kit.clock import now
    from seats.growth import deliver_alert, sweep, tell
    from seats.models import AlertDelivery, Sweep

    connections.close_all()

    def stand_still(*_: Any, **__: Any) -> None:
        inside()
        time.sleep(600)

    tells = tell.tell_signals

    def tell_and_stand_still(**values: Any) -> None:
        tells(**values)
        stand_still()

    cuts: dict[str, tuple[Any, str, Callable[..., Any]]] = {
        STEPS[0]: (sweep, "open_signals", stand_still),
        STEPS[1]: (sweep, "tell_signals", stand_still),
        STEPS[2]: (tell, "_write_alerts", stand_still),
        STEPS[3]: (sweep, "tell_signals", tell_and_stand_still),
        STEPS[4]: (deliver_alert, "_send", stand_still),
    }
    if step:
        setattr(*cuts[step])
    if way == "round":
        sweep.start_sweep(kind=Sweep.Kind.HOURLY, at=now())
        while sweep.work_sweeps(at=now()):
            pass
    else:
        sweep.sweep_account(account=Account.objects.get(slug=slug), at=now())
    for pk in AlertDelivery.objects.values_list("pk", flat=True):
        deliver_alert.deliver_alert(delivery_id=pk, at=now())


if __name__ == "__main__":
    main(*sys.argv[1:])
