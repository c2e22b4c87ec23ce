"""The store with a clock, an agenda and names for new objects: what every endpoint works on."""

from __future__ import annotations

import heapq
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import agenda, settings, shapes
from .errors import Obj
from .store import Store

API_VERSION = "2026-10-28.endive"

type Due = tuple[int, str, str]
"""When, kind and id of an object that has something to do by itself."""


@dataclass
class Request:
    """One request of the API, decoded and checked."""

    world: World
    method: str
    path: str
    params: Obj
    ids: tuple[str, ...] = ()
    request_id: str | None = None
    idempotency_key: str | None = None

    @property
    def id(self) -> str:
        """The object named in the path."""
        return self.ids[0]


@dataclass
class World:
    """One Stripe account in test mode."""

    store: Store
    base_url: str = "http://127.0.0.1"
    origin: Request | None = None
    standing: tuple[str | None, int] | None = None
    """While due work is done, its clock stands at the moment at which it was due."""
    agenda: dict[str | None, list[Due]] = field(default_factory=dict)
    reached: dict[str | None, int] = field(default_factory=dict)
    """How far the due work of each clock has come: what falls due late does not happen in the past."""
    defaults: Obj = field(default_factory=lambda: settings.DEFAULTS)
    wake_webhooks: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def open(cls, path: Path | None) -> World:
        world = cls(Store(path))
        world.store.after_commit.append(world._note)
        world.plan_anew()
        return world

    def plan_anew(self) -> None:
        """Put everything on the agenda again, as after a start or under other settings."""
        self._note(obj for kind in agenda.KINDS for obj in self.store.all(kind))

    @property
    def settings(self) -> Obj:
        """The account's settings (settings.DEFAULTS, and what was changed of them)."""
        chosen: Obj = (self.store.find("_meta", "settings") or {"set": {}})["set"]
        return self.defaults | chosen

    # Time

    def now(self, clock: str | None = None) -> int:
        """Seconds since 1970, UTC: of the test clock, else real time moved by what was advanced."""
        if self.standing is not None and self.standing[0] == clock:
            return self.standing[1]
        if clock is not None and (found := self.store.find("test_helpers.test_clock", clock)) is not None:
            return int(found["frozen_time"])
        moved = self.store.find("_meta", "clock")
        return int(time.time()) + (int(moved["offset"]) if moved else 0)

    def now_of(self, obj: Obj) -> int:
        """Now, by the clock of the object or of its customer."""
        clock = obj.get("test_clock")
        if clock is None and isinstance(owner := obj.get("customer"), str):
            customer = self.store.find("customer", owner)
            clock = customer and customer["test_clock"]
        return self.now(clock)

    # Objects

    def new_id(self, prefix: str, length: int = 24) -> str:
        return f"{prefix}_{secrets.token_hex(length // 2)}"

    def create(self, kind: str, prefix: str, **fields: Any) -> Obj:
        """A new object of Stripe's shape, stored."""
        return self.store.add(kind, self.shape(kind, prefix, **fields))

    def shape(self, kind: str, prefix: str, **fields: Any) -> Obj:
        """A new object of Stripe's shape, stored nowhere."""
        made = shapes.blank(kind) | {"id": self.new_id(prefix), "object": kind}
        return made | fields

    def _note(self, changed: Iterable[Obj]) -> None:
        """Keep the agenda: what happened to these objects may give them a new hour."""
        rules = self.settings
        for obj in changed:
            if (at := agenda.time_of(obj, rules)) is not None:
                clock = obj.get("test_clock") or obj.get("_test_clock")
                heapq.heappush(self.agenda.setdefault(clock, []), (at, obj["object"], obj["id"]))
            if "next_at" in obj:
                self.wake_webhooks.set()
