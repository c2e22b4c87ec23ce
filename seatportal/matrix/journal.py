"""What was played already: one line of JSON for each scenario, so that a run can be taken up where it stopped."""

import json
import threading
from pathlib import Path
from typing import Any

type Row = dict[str, Any]
"""A Result as JSON."""


class Journal:
    """Results by (scenario, mutant); kept in a file when there is one. A torn last line is played again."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.rows: dict[tuple[str, str], Row] = {}
        self._lock = threading.Lock()
        if path is not None and path.exists():
            self._read(path)

    def found(self, scenario: str, mutant: str = "") -> Row | None:
        """The result of an earlier run, or of this one."""
        return self.rows.get((scenario, mutant))

    def add(self, row: Row) -> None:
        """Keep a result at once. One that proves nothing is for this run's report alone, and is played again."""
        with self._lock:
            self.rows[row["scenario"], row["mutant"]] = row
            if self.path is not None and not row["unmet"]:
                with self.path.open("a") as page:
                    page.write(json.dumps(row) + "\n")

    def _read(self, path: Path) -> None:
        whole = [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
        path.write_text("".join(whole))
        for line in whole:
            row: Row = json.loads(line)
            self.rows[row["scenario"], row["mutant"]] = row
