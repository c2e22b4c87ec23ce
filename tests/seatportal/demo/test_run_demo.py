"""What the demo keeps of an earlier start, what it removes, and what it never touches."""

from pathlib import Path

import pytest

from seatportal.demo.processes import DirectoryLock, ServiceFailed
from seatportal.demo.run_demo import OURS, _open_state
from seatportal.demo.state import DemoState


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with everything that a demo writes, and a file of somebody else."""
    monkeypatch.delenv("DATABASE_URL")
    DemoState(tmp_path).put(secret_key="kept")
    for name in OURS:
        path = tmp_path / name
        if name != "state.json":
            path.mkdir()
            (path / "content").write_text("x")
    (tmp_path / "holiday.jpg").write_text("not ours")
    return tmp_path


def open_state(folder: Path, *, reset: bool) -> tuple[DemoState, list[str]]:
    told: list[str] = []
    with DirectoryLock(folder) as lock:
        return _open_state(lock, reset=reset, progress=told.append), told


def test_a_finished_start_is_kept(folder: Path) -> None:
    DemoState(folder).put(logins={"api_key": "k"})

    state, told = open_state(folder, reset=False)

    assert state.values == {"secret_key": "kept", "logins": {"api_key": "k"}}
    assert told == []
    assert {path.name for path in folder.iterdir()} == {*OURS, "holiday.jpg", "lock"}


def test_a_start_that_was_not_finished_is_begun_anew(folder: Path) -> None:
    state, told = open_state(folder, reset=False)

    assert state.values == {}
    assert told == ["Removing a start that was not finished"]
    assert {path.name for path in folder.iterdir()} == {"holiday.jpg", "lock"}


def test_reset_removes_what_is_ours_alone(folder: Path) -> None:
    DemoState(folder).put(logins={"api_key": "k"})

    state, told = open_state(folder, reset=True)

    assert state.values == {}
    assert told == ["Removing the earlier state"]
    assert {path.name for path in folder.iterdir()} == {"holiday.jpg", "lock"}
    assert (folder / "holiday.jpg").read_text() == "not ours"


@pytest.mark.django_db
def test_a_given_database_that_holds_our_tables_is_refused(
    tmp_path: Path, child_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", child_environment["DATABASE_URL"])

    with pytest.raises(ServiceFailed, match="^The database of DATABASE_URL is in use already. Name an empty one"):
        open_state(tmp_path, reset=False)


def test_a_given_database_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres@/x?host={tmp_path}")

    with pytest.raises(ServiceFailed, match="^The database of DATABASE_URL cannot be reached: connection is bad"):
        open_state(tmp_path, reset=False)
