"""The runner itself: what a lane says is reported, what was played is not played again, and the exit code tells."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from seatportal.management.commands import crash_matrix
from seatportal.matrix import faults
from seatportal.matrix.journal import Journal
from seatportal.matrix.mutants import MUTANTS
from seatportal.matrix.report import Report
from seatportal.matrix.run_matrix import run_matrix
from seatportal.matrix.scenarios import CARDS, ORDERS, Scenario, scenario


class Actor:
    """A lane that answers what it is told to: `breaks` in healthy code, `catches` for mutants."""

    def __init__(self, breaks: Sequence[str] = (), catches: Sequence[tuple[str, str]] = ()) -> None:
        self.breaks, self.catches = breaks, catches
        self.played: list[tuple[str, str]] = []

    def play(self, text: str, mutant: str) -> dict[str, Any]:
        self.played.append((text, mutant))
        wrong = text in self.breaks if not mutant else (text, mutant) in self.catches
        return {
            "scenario": text, "mutant": mutant, "violations": ["4: applied means paid"] if wrong else [], "unmet": [],
            "seconds": 0.0,
        }  # fmt: skip


ROWS = {f"F{n}" for n in range(1, 38)} | {f"K{n}" for n in range(1, 6)}
EVERY_MUTANT = [(mutant.aimed[0], mutant.name) for mutant in MUTANTS]


def play(actor: Actor, scenarios: list[str], *, mutants: bool = False, journal: Journal | None = None) -> Report:
    return run_matrix(
        players=[actor],
        scenarios=scenarios,
        slice_of_mutants=scenarios if mutants else [],
        journal=journal or Journal(None),
        tell=lambda _text: None,
    )


def test_a_violation_is_reported_with_its_scenario() -> None:
    report = play(Actor(breaks=["F4/ok/late"]), ["F1/ok/late", "F4/ok/late"])

    assert report.violations == [{"scenario": "F4/ok/late", "violation": "4: applied means paid"}]
    assert not report.sound
    assert report.as_json()["violations"] == 1
    assert "F4/ok/late: 4: applied means paid" in report.as_text()


def test_a_fault_that_did_not_happen_counts_and_catches_no_mutant() -> None:
    class Broken(Actor):
        def play(self, text: str, mutant: str) -> dict[str, Any]:
            return super().play(text, mutant) | {"unmet": ["the process was killed"]}

    report = play(Broken(), ["F1/ok/late"], mutants=True)

    assert [v["violation"] for v in report.violations] == ["the process was killed"]
    assert report.caught == {}
    assert report.survived == [mutant.name for mutant in MUTANTS]


def test_a_mutant_is_played_until_one_scenario_catches_it() -> None:
    first, *others = EVERY_MUTANT
    actor = Actor(catches=[("F9/ok/late", first[1]), *others])

    report = play(actor, ["F8/ok/late", "F9/ok/late", "F10/ok/late"], mutants=True)

    assert report.caught == {first[1]: "F9/ok/late"} | {name: text for text, name in others}
    assert report.sound
    hunted = [text for text, mutant in actor.played if mutant == first[1]]
    assert hunted == [*MUTANTS[0].aimed, "F8/ok/late", "F9/ok/late"]


def test_resume_skips_what_is_done_and_keeps_its_violations(tmp_path: Path) -> None:
    page = tmp_path / "journal"
    play(Actor(breaks=["F1/ok/late"]), ["F1/ok/late"], journal=Journal(page))
    with page.open("a") as torn:
        torn.write('{"scenario": "F2/ok/late", "mut')

    again = Actor()
    report = play(again, ["F1/ok/late", "F2/ok/late"], journal=Journal(page))

    assert again.played == [("F2/ok/late", "")]
    assert [v["scenario"] for v in report.violations] == ["F1/ok/late"]
    assert len(page.read_text().splitlines()) == 2


def test_resume_plays_again_what_proved_nothing(tmp_path: Path) -> None:
    class Stopped(Actor):
        def play(self, text: str, mutant: str) -> dict[str, Any]:
            return super().play(text, mutant) | {"unmet": ["the lane ended without an answer"]}

    page = tmp_path / "journal"
    assert not play(Stopped(), ["F1/ok/late"], journal=Journal(page)).sound

    again = Actor()
    assert play(again, ["F1/ok/late"], journal=Journal(page)).sound
    assert again.played == [("F1/ok/late", "")]


def test_an_error_of_a_lane_ends_the_run() -> None:
    class Dead(Actor):
        def play(self, text: str, mutant: str) -> dict[str, Any]:
            raise RuntimeError("no lane")

    with pytest.raises(RuntimeError, match="no lane"):
        play(Dead(), ["F1/ok/late"])


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command with a lane that acts; returns (exit code, stdout)."""

    def run(actor: Actor, *arguments: str) -> tuple[int, str]:
        @contextmanager
        def lanes(_number: int) -> Iterator[list[Actor]]:
            yield [actor]

        monkeypatch.setattr(crash_matrix, "lanes", lanes)
        out = StringIO()
        try:
            call_command("crash_matrix", *arguments, stdout=out, stderr=StringIO())
        except SystemExit as ended:
            return int(ended.code or 0), out.getvalue()
        return 0, out.getvalue()

    return run


def test_the_last_line_is_json_and_the_exit_code_zero_when_all_is_sound(command: Any) -> None:
    code, out = command(Actor(catches=EVERY_MUTANT), "--json")

    found = json.loads(out.splitlines()[-1])
    assert code == 0
    assert found["scenarios"] == len(faults.fast())
    assert (found["violations"], found["mutants_caught"], found["mutants_survived"]) == (0, len(MUTANTS), 0)
    assert found["faults"] == len(ROWS)


def test_exit_code_one_on_a_violation_and_on_a_surviving_mutant(command: Any) -> None:
    broken = str(faults.fast()[0])

    assert command(Actor(breaks=[broken], catches=EVERY_MUTANT))[0] == 1
    code, out = command(Actor(catches=EVERY_MUTANT[1:]), "--json")
    assert code == 1
    assert json.loads(out)["survivors"] == [MUTANTS[0].name]


def test_only_one_fault(command: Any) -> None:
    actor = Actor()

    code, out = command(actor, "--only", "F4", "--json")

    assert code == 0
    assert {scenario(text).number for text, _ in actor.played} == {"F4"}
    assert json.loads(out)["mutants_caught"] == 0
    with pytest.raises(CommandError, match="F99"):
        command(Actor(), "--only", "F99")


def test_the_grid_has_every_fault_and_says_why_cells_are_left_out() -> None:
    everything, slice_of_it = faults.full(), faults.fast()

    assert {s.number for s in everything} == ROWS == {s.number for s in slice_of_it}
    assert {s.fault for s in slice_of_it} == {fault.name for fault in faults.FAULTS if fault.fast}
    assert all(fault.fast for fault in faults.FAULTS if fault.name.startswith("F"))
    assert len(faults.BY_NAME) == len(faults.FAULTS)
    assert set(slice_of_it) <= set(everything)
    assert len(slice_of_it) == len(set(slice_of_it)) >= 50
    assert {(s.card, s.order) for s in slice_of_it} == {(card, order) for card in CARDS for order in ORDERS}
    assert all(bool(fault.skips) == bool(fault.skipped) for fault in faults.FAULTS)
    assert len(everything) == sum(25 - fault.skipped for fault in faults.FAULTS)
    assert all(scenario(str(s)) == s for s in everything)
    assert all(scenario(aimed).fault in faults.BY_NAME for mutant in MUTANTS for aimed in mutant.aimed)


def test_a_scenario_reads_back() -> None:
    assert scenario("F4.hang/3ds-paid/early") == Scenario("F4.hang", CARDS[3], ORDERS[0])
    assert scenario("F4.hang/3ds-paid/early").number == "F4"
