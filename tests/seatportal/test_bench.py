"""The benches run from end to end and say what they measured; how fast anything was is no test's business."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from seatportal.bench import simulator
from seatportal.bench.__main__ import main
from seatportal.bench.benches import BENCHES
from seatportal.bench.names import NAMES
from seatportal.bench.result import Result, Series
from seatportal.bench.stage import FOLDER, SECRET, Stage
from seatportal.demo.processes import DirectoryLock
from seatportal.demo.programs import Programs
from seatportal.management.commands.bench import readable
from tests.desk import Desk

SCHEMA = {"bench", "ours", "against", "ratio", "goal", "holds", "unit", "spread", "notes"}


@pytest.fixture
def quick(child_environment: dict[str, str], process_dir: DirectoryLock, desk: Desk, settings: Any) -> Stage:
    """The stage of this test process: its database, broker and simulator."""
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    environment = child_environment | {"STRIPE_WEBHOOK_SECRETS": SECRET}
    return Stage(Programs(project=settings.BASE_DIR, lock=process_dir, environment=environment), quick=True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("bench", "name", "ratios"),
    [
        (simulator.bench, "simulator", {}),
    ],
)
def test_a_quick_run_has_the_shape(
    quick: Stage, bench: Callable[[Stage], Result], name: str, ratios: dict[str, str]
) -> None:
    found = json.loads(json.dumps(bench(quick).as_json()))

    assert found.keys() == SCHEMA
    assert (found["bench"], found["goal"], found["ratio"].keys()) == (name, ratios, ratios.keys())
    assert found["ours"] > 0
    assert readable(found).startswith(f"{name}: ")


def test_goals() -> None:
    held = Result(bench="b", ours=1, against={}, ratio={"a": 12, "b": 0}, goal={"a": ">= 12", "b": "<= 0"}, unit="u")
    missed = Result(bench="b", ours=1, against={}, ratio={"a": 11.9}, goal={"a": ">= 12"}, unit="u")

    assert (held.holds, missed.holds) == (True, False)
    assert "MISSED" in readable(missed.as_json())


def test_measurements_take_turns_and_the_warm_up_does_not_count() -> None:
    order: list[str] = []
    numbers = iter(range(100))

    def measure(name: str) -> float:
        order.append(name)
        return float(next(numbers))

    ours, theirs = Series.by_turns(3, lambda: measure("ours"), lambda: measure("theirs"), warm_up=True)

    assert order == ["ours", "theirs"] * 4
    assert (ours.values, theirs.values) == ((2, 4, 6), (3, 5, 7))
    assert (ours.median, ours.spread, ours.rates(12)) == (4, "2 to 6", "2 to 6")


def test_the_command_knows_every_bench_and_refuses_others() -> None:
    assert tuple(BENCHES) == NAMES
    with pytest.raises(CommandError, match=r"Unknown bench: speed\. There are webhooks, quote"):
        call_command("bench", "speed", stdout=io.StringIO(), stderr=io.StringIO())


def test_each_bench_has_an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One quiets the logs, and the next waits for a line in them."""
    seen: list[str] = []

    def bench(stage: Stage) -> Result:
        seen.append(stage.programs.environment["LOG_LEVEL"])
        stage.programs.environment["LOG_LEVEL"] = "WARNING"
        return Result(bench="sweep", ours=1, against={}, ratio={}, goal={}, unit="s")

    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setitem(BENCHES, "sweep", bench)

    main(["sweep", "sweep"], quick=True)

    assert seen == ["INFO", "INFO"]
