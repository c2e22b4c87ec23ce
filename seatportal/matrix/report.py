"""What a run says at its end."""

from dataclasses import dataclass
from typing import Any

from seatportal.matrix.journal import Row


@dataclass(frozen=True)
class Report:
    """Results of the healthy code, and which mutant was caught by what. seconds: of this run alone."""

    played: list[Row]
    caught: dict[str, str]
    survived: list[str]
    seconds: float

    @property
    def violations(self) -> list[dict[str, str]]:
        """Every sentence that was wrong, with its scenario."""
        return [
            {"scenario": row["scenario"], "violation": text}
            for row in self.played
            for text in (*row["violations"], *row["unmet"])
        ]

    @property
    def sound(self) -> bool:
        """Whether nothing was violated and no mutant lived."""
        return not self.violations and not self.survived

    def as_json(self) -> dict[str, Any]:
        """The counts, and the details behind them."""
        return {
            "scenarios": len(self.played),
            "violations": len(self.violations),
            "mutants_caught": len(self.caught),
            "mutants_survived": len(self.survived),
            "faults": len({row["scenario"].partition("/")[0].partition(".")[0] for row in self.played}),
            "seconds": round(self.seconds, 1),
            "violated": self.violations,
            "caught_by": self.caught,
            "survivors": self.survived,
        }

    def as_text(self) -> str:
        """For people."""
        found = self.as_json()
        lines = [f"  {v['scenario']}: {v['violation'].strip().splitlines()[-1]}" for v in self.violations]
        lines += [f"  mutant {name} caught by {by}" for name, by in sorted(self.caught.items())]
        lines += [f"  mutant {name} SURVIVED" for name in self.survived]
        lines.append(
            f"{found['scenarios']} scenarios of {found['faults']} faults in {found['seconds']:.0f} s: "
            f"{found['violations']} violations, {found['mutants_caught']} mutants caught, "
            f"{found['mutants_survived']} survived."
        )
        return "\n".join(lines)
