"""Never a stale yes: once a release is answered, every process says no. Two real servers of two processes each."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from accounts.models import Membership, Role
from seatportal.bench.post import Line, call_api, get_bytes, request_bytes
from seatportal.demo.ports import any_free
from seatportal.demo.processes import DirectoryLock
from seatportal.demo.programs import Programs, answers
from seats.models import SeatPool
from tests.conftest import join
from tests.integrator import integrator_of
from tests.services import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

ROUNDS = 25
LINES = 4  # to each server


@pytest.fixture
def ports(child_environment: dict[str, str], process_dir: DirectoryLock) -> Iterator[list[int]]:
    """Two portals on this test's database."""
    environment = child_environment | {"ENTITLEMENTS_RATE": "1000000/min", "LOG_LEVEL": "WARNING"}
    programs = Programs(project=ROOT, lock=process_dir, environment=environment)
    found = [any_free(), any_free()]
    webs = [programs.web(port, name=f"Web {port}") for port in found]
    try:
        for web in webs:
            web.start()
        for web, port in zip(webs, found, strict=True):
            web.wait_until(lambda port=port: answers(f"http://127.0.0.1:{port}/livez"))  # type: ignore[misc]
        yield found
    finally:
        for web in webs:
            web.stop()


def test_a_release_that_was_answered_is_never_followed_by_a_yes(
    ports: list[int], owner: Membership, now: datetime
) -> None:
    SeatPool.objects.filter(account=owner.account).update(purchased=10)
    mia = join(owner.account, "Mia", Role.MEMBER, now)
    key = integrator_of(owner, now).secret
    ask = get_bytes(path=f"/api/v1/entitlements/{mia.public_id}", headers={"Authorization": f"Bearer {key}"})
    done, wrong = threading.Event(), list[BaseException]()

    def hammer(port: int) -> None:
        """Fills every process's memory all the time, also in the middle of a release."""
        try:
            with Line(port) as line:
                while not done.is_set():
                    line.send(ask)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=hammer, args=(port,)) for port in ports for _ in range(2)]
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(port)) for port in ports for _ in range(LINES)]
        for thread in threads:
            thread.start()
        try:
            for turn in range(ROUNDS):
                door = lines[turn % len(lines)]
                seat = call_api(door, "assignments", {"member_id": mia.public_id}, key=key)
                assert [allowed(line.send(ask)) for line in lines] == [True] * len(lines), turn
                release(door, seat["id"], key)
                assert [allowed(line.send(ask)) for line in lines] == [False] * len(lines), turn
        finally:
            done.set()
            for thread in threads:
                thread.join()

    assert wrong == []


def allowed(body: bytes) -> bool:
    found: dict[str, Any] = json.loads(body)
    assert found["state"] == ("active" if found["allowed"] else "no_seat")
    return bool(found["allowed"])


def release(line: Line, seat_id: str, key: str) -> None:
    """Give the seat back; answered when this returns."""
    request = request_bytes(path=f"/api/v1/assignments/{seat_id}", body=b"", headers={"Authorization": f"Bearer {key}"})
    line.send(request.replace(b"POST", b"DELETE", 1))
