"""Play a slice of the matrix on several lanes, then every mutant until it is caught."""

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, Queue
from typing import Any, Protocol

from seatportal.matrix.journal import Journal, Row
from seatportal.matrix.mutants import MUTANTS
from seatportal.matrix.report import Report


class Player(Protocol):
    """A lane."""

    def play(self, scenario: str, mutant: str) -> dict[str, Any]:
        """Play one scenario; the answer is a Result as JSON."""


type Tell = Callable[[str], None]


def run_matrix(
    *,
    players: Sequence[Player],
    scenarios: Sequence[str],
    slice_of_mutants: Sequence[str],
    journal: Journal,
    tell: Tell,
) -> Report:
    """Play all `scenarios`, then each mutant over `slice_of_mutants` (none: no mutants) until one scenario catches it.

    What the journal holds is not played again.
    """
    began = time.monotonic()
    todo = [text for text in scenarios if journal.found(text) is None]
    tell(f"{len(scenarios)} scenarios, {len(scenarios) - len(todo)} of them played before")
    progress = _Progress(len(todo), tell)

    def play(player: Player, text: str) -> None:
        row = player.play(text, "")
        journal.add(row)
        progress.step(row)

    _share(players, todo, play)
    caught: dict[str, str] = {}
    if slice_of_mutants:

        def hunt(player: Player, name: str) -> None:
            mutant = next(m for m in MUTANTS if m.name == name)
            order = [*mutant.aimed, *(text for text in slice_of_mutants if text not in mutant.aimed)]
            for text in order:
                row = journal.found(text, name)
                if row is None:
                    row = player.play(text, name)
                    journal.add(row)
                if row["violations"]:
                    caught[name] = text
                    tell(f"mutant {name} caught by {text}: {row['violations'][0]}")
                    return
            tell(f"mutant {name} SURVIVED {len(order)} scenarios")

        _share(players, [m.name for m in MUTANTS], hunt)
    played = [row for text in scenarios if (row := journal.found(text)) is not None]
    survived = [m.name for m in MUTANTS if m.name not in caught] if slice_of_mutants else []
    return Report(played=played, caught=caught, survived=survived, seconds=time.monotonic() - began)


class _Progress:
    """Says how far it is, at most every few seconds, and every violation at once."""

    def __init__(self, total: int, tell: Tell) -> None:
        self.total, self.tell, self.done, self.said = total, tell, 0, 0.0
        self.began = time.monotonic()
        self.lock = threading.Lock()

    def step(self, row: Row) -> None:
        """One more."""
        with self.lock:
            self.done += 1
            for wrong in (*row["violations"], *row["unmet"]):
                self.tell(f"VIOLATION in {row['scenario']}: {wrong}")
            now = time.monotonic()
            if now - self.said > 5 or self.done == self.total:
                self.said = now
                left = (now - self.began) / self.done * (self.total - self.done)
                self.tell(f"{self.done}/{self.total} played, about {left:.0f} s left")


def _share[T](players: Sequence[Player], work: Sequence[T], do: Callable[[Player, T], None]) -> None:
    """Each lane takes the next piece when it is free. An error of one lane stops the run."""
    queue: Queue[T] = Queue()
    for piece in work:
        queue.put(piece)
    errors: list[BaseException] = []

    def drain(player: Player) -> None:
        try:
            while not errors:
                do(player, queue.get_nowait())
        except Empty:
            return
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=drain, args=(player,), daemon=True) for player in players]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
