"""Files of events are worked off exactly once, whoever dies or works beside."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership
from seats.errors import ImportNotStopped
from seats.models import DailyUsage, UsageEvent, UsageImport
from seats.tasks import work_import as work_import_task
from seats.usage import import_file
from seats.usage.import_file import TRIES, add_import, resume_import, ring_open_imports, work_import

pytestmark = pytest.mark.django_db(transaction=True)
State = UsageImport.State
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
HEAD = "id,user,feature,occurred_at"
LINES = 2600


def text(member: Membership, *, count: int = LINES) -> str:
    """So many rows: each tenth is a duplicate of the one before, each hundredth is broken."""
    rows = [HEAD]
    for number in range(1, count + 1):
        when = "nonsense" if number % 100 == 0 else f"2026-05-0{number % 4 + 1}T08:00:00Z"
        rows.append(f"e-{number - (number % 10 == 5)},{member.public_id},Reports,{when}")
    return "\n".join(rows)


def recent_text(member: Membership, *, count: int = LINES) -> str:
    """The same on days that are just past by the machine's clock."""
    return text(member, count=count).replace("2026-05-0", f"{datetime.now(UTC) - timedelta(days=9):%Y-%m}-0")


def add(member: Membership, data: str, *, at: datetime = NOW) -> UsageImport:
    actor = Actor(user=member.user)
    return add_import(account=member.account, file_name="events.csv", data=data.encode(), actor=actor, at=at)


def numbers(row: UsageImport) -> tuple[str, int, int, int, int]:
    row.refresh_from_db()
    return row.state, row.lines_done, row.accepted, row.duplicate, row.rejected


WHOLE = (State.DONE, LINES + 1, LINES * 89 // 100, LINES // 10, LINES // 100)


def assert_whole(row: UsageImport, account: Account) -> None:
    assert numbers(row) == WHOLE
    assert row.content is None
    assert UsageEvent.objects.filter(account=account).count() == row.accepted
    assert sum(DailyUsage.objects.filter(account=account).values_list("count", flat=True)) == row.accepted
    assert [why["line"] for why in row.rejections] == list(range(101, LINES + 2, 100))
    assert row.rejections[0] == {
        "line": 101,
        "code": "invalid_field",
        "field": "occurred_at",
        "text": "Send a time with its offset, such as 2026-04-16T12:00:00Z.",
    }


def test_a_file_is_worked_off_in_chunks(account: Account, member: Membership) -> None:
    row = add(member, text(member))
    assert (row.format, row.lines, row.by) == ("csv", LINES + 1, member.user)
    assert numbers(row) == (State.OPEN, 1, 0, 0, 0)
    assert work_import(import_id=row.pk, at=NOW, chunks=1)
    assert numbers(row) == (State.OPEN, 1001, 890, 100, 10)
    assert not work_import(import_id=row.pk, at=NOW)
    assert_whole(row, account)
    assert not work_import(import_id=row.pk, at=NOW)
    [entry] = AuditEntry.objects.filter(account=account, action="usage.imported")
    assert (entry.target, entry.summary, entry.data["lines"]) == (row.public_id, "events.csv", LINES + 1)


def test_the_same_file_again_counts_nothing_again(account: Account, member: Membership) -> None:
    row, again = add(member, text(member)), add(member, text(member))
    work_import(import_id=row.pk, at=NOW)
    work_import(import_id=again.pk, at=NOW)
    assert_whole(row, account)
    assert numbers(again) == (State.DONE, LINES + 1, 0, LINES * 99 // 100, LINES // 100)
    assert UsageEvent.objects.filter(account=account).count() == LINES * 89 // 100


@pytest.mark.parametrize(
    ("when", "place", "left"),
    [
        ("before", "seats.usage.import_file:ingest_events", 1),
        ("after", "seats.usage.import_file:ingest_events", 1),
        ("after", "seats.usage.import_file:_count", 1),
        ("after", "seats.usage.import_file:_work_chunk", 1001),
    ],
)
def test_a_killed_worker_loses_and_doubles_nothing(
    account: Account, member: Membership, child_environment: dict[str, str], when: str, place: str, left: int
) -> None:
    row = add(member, recent_text(member))
    child = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.dying",
            when,
            place,
            "seats.usage.import_file:work_import",
            f"import_id={row.pk}",
        ],
        env={**child_environment, "DJANGO_SETTINGS_MODULE": "seatportal.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert numbers(row)[:2] == (State.OPEN, left)
    assert UsageEvent.objects.filter(account=account).count() == row.accepted == (0 if left == 1 else 890)
    assert ring_open_imports(at=NOW) == 1
    while work_import(import_id=row.pk, at=datetime.now(UTC)):
        pass
    assert_whole(row, account)


def test_several_at_once_do_it_once(account: Account, member: Membership) -> None:
    row = add(member, text(member))
    gate = threading.Barrier(4)

    def run() -> None:
        try:
            connection.ensure_connection()
            gate.wait()
            work_import(import_id=row.pk, at=NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Each may have left to another who was just leaving; then the sweep goes on.
    work_import(import_id=row.pk, at=NOW)
    assert_whole(row, account)


def test_a_failure_stops_it_after_some_tries_and_a_person_resumes_it(
    account: Account, member: Membership, owner: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise OSError("disk")

    row, actor = add(member, text(member)), Actor(user=owner.user)
    work_import(import_id=row.pk, at=NOW, chunks=1)
    with monkeypatch.context() as patch:
        patch.setattr(import_file, "ingest_events", fails)
        for _ in range(TRIES - 1):
            assert not work_import(import_id=row.pk, at=NOW)
        assert numbers(row)[:2] == (State.OPEN, 1001)
        with pytest.raises(ImportNotStopped):
            resume_import(account=account, usage_import=row, actor=actor, at=NOW)
        work_import(import_id=row.pk, at=NOW)
    assert numbers(row)[:2] == (State.STOPPED, 1001)
    assert (row.last_error, row.tries, row.ended_at) == ("OSError: disk", TRIES, NOW)
    assert ring_open_imports(at=NOW) == 0
    assert not work_import(import_id=row.pk, at=NOW)
    resume_import(account=account, usage_import=row, actor=actor, at=NOW)
    assert not work_import(import_id=row.pk, at=NOW)
    assert_whole(row, account)


def test_the_task_rings_until_all_is_read(
    account: Account, member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[str, int]] = []
    monkeypatch.setattr("seats.tasks.ring", lambda task, import_id: rung.append((task, import_id)))
    monkeypatch.setattr("seats.tasks.work_on_import", partial(work_import, chunks=1))
    row = add(member, recent_text(member))
    work_import_task(row.pk)
    assert numbers(row)[:2] == (State.OPEN, 1001)
    assert rung == [("seats.work_import", row.pk)]
    work_import_task(row.pk)
    work_import_task(row.pk)
    assert_whole(row, account)
    assert len(rung) == 2


def test_the_page_takes_a_file_and_shows_it(
    account: Account, owner: Membership, member: Membership, client_of: Callable[[Membership], Client]
) -> None:
    browser = client_of(owner)
    file = SimpleUploadedFile("May.csv", recent_text(member, count=200).encode(), "text/csv")
    answer = browser.post("/a/acme/usage/imports/", {"file": file})
    row = UsageImport.objects.get(account=account)
    assert (answer.status_code, answer["Location"]) == (302, f"/a/acme/usage/imports/{row.public_id}/")
    url = answer["Location"]
    page = browser.get(url).content.decode()
    assert "1 of 201 lines read (0 %)" in page
    assert 'http-equiv="refresh"' in page
    part = browser.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "load delay:2s" in part
    work_import(import_id=row.pk, at=datetime.now(UTC))
    part = browser.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "201 of 201 lines read (100 %)" in part
    assert "hx-trigger" not in part
    assert "Send a time with its offset" in part
    page = browser.get("/a/acme/usage/imports/").content.decode()
    assert "May.csv" in page
    assert client_of(member).get(url).status_code == 403
    assert browser.post(f"{url}resume/").status_code == 302
    assert numbers(row)[0] == State.DONE


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"", 422, "The file is empty."),
        (b"a,b\n1,2", 422, "these are missing: id, user, feature, occurred_at"),
        (b"x" * 20_000_001, 413, "The file is larger than 20 MB."),
    ],
)
def test_the_page_says_what_is_wrong_with_a_file(
    owner: Membership, client_of: Callable[[Membership], Client], data: bytes, status: int, words: str
) -> None:
    answer = client_of(owner).post("/a/acme/usage/imports/", {"file": SimpleUploadedFile("a.csv", data)})
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert not UsageImport.objects.exists()
    assert client_of(owner).post("/a/acme/usage/imports/").status_code == 422


def test_the_sample_can_be_imported(
    account: Account, owner: Membership, client_of: Callable[[Membership], Client]
) -> None:
    answer = client_of(owner).get("/a/acme/usage/imports/sample.csv")
    data = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    row = add(owner, data, at=datetime.now(UTC))
    work_import(import_id=row.pk, at=datetime.now(UTC))
    assert numbers(row) == (State.DONE, 4, 3, 0, 0)
    assert sorted(DailyUsage.objects.values_list("membership", "feature", "count", "quantity")) == [
        (owner.pk, "Exports", 1, 3),
        (owner.pk, "Reports", 1, 1),
        (owner.pk, "Search", 1, 1),
    ]


def test_the_command_imports_and_tells(account: Account, member: Membership, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text(recent_text(member))
    out, err = StringIO(), StringIO()
    call_command("import_usage", file, account="acme", stdout=out, stderr=err)
    assert out.getvalue().splitlines()[0] == "2314 accepted, 260 known already, 26 rejected"
    assert err.getvalue().splitlines() == [
        "1001 of 2601 lines (38 %)",
        "2001 of 2601 lines (76 %)",
        "2601 of 2601 lines (100 %)",
    ]
    assert_whole(UsageImport.objects.get(account=account), account)
    file.write_text("nothing\nhere")
    for path, slug, words in (
        (file, "acme", "these are missing"),
        (file, "nobody", "no account"),
        (tmp_path, "acme", "directory"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("import_usage", path, account=slug, stdout=StringIO(), stderr=StringIO())
    file.write_text(f"{HEAD}\na,b,c,d")
    with pytest.raises(CommandError, match="No line"):
        call_command("import_usage", file, account="acme", stdout=StringIO(), stderr=StringIO())
