"""Everything that the simulator knows: tables in memory behind one lock, and a journal that survives kill -9."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from .errors import Obj, missing
from .fields import copied

type Key = tuple[str, str]


class Store:
    """Objects by kind and id, in the order in which they were made.

    Writes happen inside `transaction()`: either all of them stay and go to the journal as one line, or none does.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.after_commit: list[Callable[[list[Obj]], None]] = []
        self._tables: dict[str, dict[str, Obj]] = {}
        self._of_customer: dict[Key, dict[str, None]] = {}
        self._before: dict[Key, Obj | None] = {}
        self._depth = 0
        self._path = path
        self._journal: TextIO | None = None
        if path is not None:
            self._load(path)
            self._compact(path)

    # Reading

    def find(self, kind: str, id: str) -> Obj | None:
        return self._tables.get(kind, {}).get(id)

    def get(self, kind: str, id: str, param: str = "id") -> Obj:
        """The object, to be read only. Raises Stripe's resource_missing."""
        found = self.find(kind, id)
        if found is None:
            raise missing(kind, id, param)
        return found

    def all(self, kind: str) -> list[Obj]:
        return list(self._tables.get(kind, {}).values())

    def newest_first(self, kind: str) -> Iterator[Obj]:
        return reversed(self._tables.get(kind, {}).values())

    def of_customer(self, kind: str, customer: str) -> list[Obj]:
        """The customer's objects of that kind, oldest first."""
        table = self._tables.get(kind, {})
        return [table[id] for id in self._of_customer.get((kind, customer), ())]

    def counts(self) -> dict[str, int]:
        return {kind: len(rows) for kind, rows in sorted(self._tables.items()) if not kind.startswith("_")}

    # Writing

    def add(self, kind: str, obj: Obj) -> Obj:
        self._remember(kind, obj["id"], None)
        self._tables.setdefault(kind, {})[obj["id"]] = obj
        self._index(kind, obj)
        return obj

    def change(self, kind: str, id: str, param: str = "id") -> Obj:
        """The object, to be written in place until the transaction ends."""
        obj = self.get(kind, id, param)
        if (kind, id) not in self._before:
            self._remember(kind, id, copied(obj))
        return obj

    def remove(self, kind: str, id: str) -> None:
        obj = self.change(kind, id)
        del self._tables[kind][id]
        self._unindex(kind, obj)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Raise through it to undo; a transaction inside another joins it."""
        with self.lock:
            self._depth += 1
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._roll_back()
                raise
            else:
                if self._depth == 1:
                    self._commit()
            finally:
                self._depth -= 1

    def checkpoint(self) -> None:
        """Commit what a transaction has done so far; only what follows can still be undone."""
        with self.lock:
            if self._before:
                self._commit()

    def undo(self) -> None:
        """Take back what was done since the last checkpoint."""
        with self.lock:
            self._roll_back()

    def clear(self) -> None:
        with self.lock:
            self._tables.clear()
            self._of_customer.clear()
            if self._path is not None:
                self._compact(self._path)

    def close(self) -> None:
        with self.lock:
            if self._journal is not None:
                self._journal.close()
                self._journal = None

    def _remember(self, kind: str, id: str, before: Obj | None) -> None:
        if self._depth == 0:
            raise RuntimeError("a write outside a transaction")
        self._before.setdefault((kind, id), before)

    def _roll_back(self) -> None:
        for (kind, id), before in self._before.items():
            table = self._tables.setdefault(kind, {})
            now = table.get(id)
            if now is not None:
                self._unindex(kind, now)
            if before is None:
                table.pop(id, None)
            else:
                table[id] = before
                self._index(kind, before)
        self._before.clear()

    def _commit(self) -> None:
        changed: list[Obj] = []
        lines: list[tuple[str, str, Obj | None]] = []
        for (kind, id), before in self._before.items():
            now = self.find(kind, id)
            if now is not None:
                if before is not None and before.get("customer") != now.get("customer"):
                    self._unindex(kind, before)
                self._index(kind, now)
                changed.append(now)
            lines.append((kind, id, now))
        self._before.clear()
        if self._journal is not None and lines:
            self._journal.write(json.dumps(lines, separators=(",", ":")) + "\n")
            self._journal.flush()
        for hook in self.after_commit:
            hook(changed)

    def _index(self, kind: str, obj: Obj) -> None:
        if isinstance(customer := obj.get("customer"), str):
            self._of_customer.setdefault((kind, customer), {})[obj["id"]] = None

    def _unindex(self, kind: str, obj: Obj) -> None:
        if isinstance(customer := obj.get("customer"), str):
            self._of_customer.get((kind, customer), {}).pop(obj["id"], None)

    # The journal

    def _load(self, path: Path) -> None:
        if not path.exists():
            return
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if not line.endswith("\n"):
                    break  # The process died while writing this line: the request was never answered.
                for kind, id, obj in json.loads(line):
                    if obj is None:
                        self._tables.get(kind, {}).pop(id, None)
                    else:
                        self._tables.setdefault(kind, {})[id] = obj
        for kind, rows in self._tables.items():
            for obj in rows.values():
                self._index(kind, obj)

    def _compact(self, path: Path) -> None:
        """Write the present state anew and go on behind it; the old file is replaced at once or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        with fresh.open("w", encoding="utf-8") as out:
            for kind, rows in self._tables.items():
                for id, obj in rows.items():
                    out.write(json.dumps([(kind, id, obj)], separators=(",", ":")) + "\n")
            out.flush()
            os.fsync(out.fileno())
        if self._journal is not None:
            self._journal.close()
        fresh.replace(path)
        self._journal = path.open("a", encoding="utf-8")
