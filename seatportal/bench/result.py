"""What a bench measured: ours, what it is held against, and whether the goal holds."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Series:
    """Repetitions of one measurement."""

    values: tuple[float, ...]

    @classmethod
    def by_turns(cls, repetitions: int, *measures: Callable[[], float], warm_up: bool = False) -> "tuple[Series, ...]":
        """Measure one after the other, again and again, so that what else the machine does meets all alike."""
        rounds = [[measure() for measure in measures] for _ in range(repetitions + warm_up)]
        return tuple(cls(tuple(values)) for values in zip(*rounds[warm_up:], strict=True))

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def spread(self) -> str:
        """Lowest and highest."""
        return f"{min(self.values):.4g} to {max(self.values):.4g}"

    @property
    def milliseconds(self) -> str:
        """Lowest and highest, when the values are seconds."""
        return f"{min(self.values) * 1000:.4g} to {max(self.values) * 1000:.4g}"

    def rates(self, amount: float) -> str:
        """Lowest and highest rate, when each value is the seconds for `amount`."""
        return f"{amount / max(self.values):.4g} to {amount / min(self.values):.4g}"


@dataclass(frozen=True)
class Result:
    """One bench. `ratio` and `goal` share names; a goal is a text such as ">= 12"; `notes` say what was done."""

    bench: str
    ours: float
    against: dict[str, float]
    ratio: dict[str, float]
    goal: dict[str, str]
    unit: str
    spread: dict[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether every goal is reached; a bench without a goal only tells its figure."""
        return all(_reached(self.ratio[name], goal) for name, goal in self.goal.items())

    def as_json(self) -> dict[str, Any]:
        found = asdict(self)
        found["holds"] = self.holds
        found["notes"] = list(self.notes)
        return found


def _reached(value: float, goal: str) -> bool:
    sign, _, bound = goal.partition(" ")
    return value >= float(bound) if sign == ">=" else value <= float(bound)
