"""May these people in? Kept in this process, and used only while the account's revision is the one it was made at.

The revision is read from the database for each request, and raised in the transaction of whatever changes an answer.
So once a release has been answered, every process sees another revision, and no answer from before it is given out.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db import connection

from seats.entitlements.facts import read_facts
from seats.entitlements.rules import answer_of, ends_at

# About 700 bytes each; the oldest goes first.
MOST_KEPT = 20_000
# An e-mail address; what is longer is nobody's name, and not kept.
LONGEST_NAME = 254


class Kept(NamedTuple):
    """One answer. until: when it changes by time alone; None: never."""

    revision: int
    until: datetime | None
    body: bytes


_kept: dict[tuple[int, str], Kept] = {}


def check_entitlements(*, account_id: int, revision: int, names: Sequence[str], at: datetime) -> list[bytes]:
    """The answer for each name as JSON, in their order.

    revision: the account's, read in this request, after whatever it must not miss was committed.
    """
    found = {name: _fresh(account_id, revision, name, at) for name in names}
    missing = [name for name, body in found.items() if body is None]
    if missing:
        found |= _ask(account_id, missing, at)
    return [body for name in names if (body := found[name]) is not None]


def _fresh(account_id: int, revision: int, name: str, at: datetime) -> bytes | None:
    kept = _kept.get((account_id, name))
    if kept is None or kept.revision != revision or (kept.until is not None and kept.until <= at):
        return None
    return kept.body


def _ask(account_id: int, names: Sequence[str], at: datetime) -> dict[str, bytes]:
    # The revision of the same moment as the facts, which may be newer than the one that the request began with.
    revision, seats, facts = read_facts(account_id=account_id, names=names, at=at)
    answers = {one.name: msgspec.json.encode(answer_of(one, seats)) for one in facts}
    if not connection.in_atomic_block:  # what is not committed yet has no revision of its own
        _kept.update(
            ((account_id, one.name), Kept(revision, ends_at(one), answers[one.name]))
            for one in facts
            if len(one.name) <= LONGEST_NAME
        )
    # Another thread may keep or forget at the same moment; then the next answer takes the oldest out.
    with suppress(RuntimeError, StopIteration):
        while len(_kept) > MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
    return answers


def forget_all() -> None:
    """Empty what this process keeps."""
    _kept.clear()
