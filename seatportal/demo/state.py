"""What one demo remembers between starts: its secrets, its simulator's port, and the logins of its market."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any


class DemoState:
    """A small JSON file that only its owner may read; every change is written at once and whole."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "state.json"
        self.values: dict[str, Any] = json.loads(self.path.read_text()) if self.path.exists() else {}

    def get(self, name: str) -> Any:
        """Return a value, or None when it was never put."""
        return self.values.get(name)

    def put(self, **values: Any) -> None:
        """Remember values. The file is replaced by rename, so a crash leaves the old or the new one."""
        self.values |= values
        unfinished = self.path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(self.values, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self.path)

    def once(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(48)) -> str:
        """Return a text that is made the first time it is asked for."""
        if name not in self.values:
            self.put(**{name: make()})
        return str(self.values[name])
