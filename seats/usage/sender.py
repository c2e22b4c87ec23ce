"""Who sends usage events with a key or a token: all that taking them needs to know, in one statement."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accounts.keys.authenticate_key import NOTE_EVERY, note_use
from accounts.keys.shown import shown, statements
from accounts.models import Account
from seatportal.kit.prepared import prepared_first
from seats.models import UsageSettings

_FROM = """
FROM k
JOIN accounts_account a ON a.id = k.account_id
LEFT JOIN seats_usagesettings s ON s.account_id = a.id"""
# All that a sender is made of.
_AS_READ = "ROW(k.id, k.secret_hash, k.scopes, a.id, a.public_id, a.time_zone, s.keep_days, s.forgotten_to)::text"
_SENDER = statements(f"""
SELECT k.id, k.secret_hash, k.scopes, k.last_used_at, a.id, a.public_id, a.time_zone, s.keep_days, s.forgotten_to,
    {_AS_READ}{_FROM}
""")
# A row as long as the key lives and all that was read is as it was.
STILL = f"SELECT 1{_FROM} WHERE {_AS_READ} = %(as_read)s"
_MOST_KNOWN = 1000


class SenderUnsure(Exception):
    """What was remembered of a sender does not hold any more, or nobody asked whether it does. Nothing was done."""


@dataclass(frozen=True)
class Sender:
    """key: its primary key. account: knows its names and its time zone only; the rest is fetched when it is asked.

    kind, values, as_read: with them a statement of `statements` finds the row of STILL. until: when its use has to be
    noted anew.
    """

    key: int
    scopes: list[str]
    account: Account
    settings: UsageSettings
    kind: str
    values: dict[str, Any]
    as_read: str
    until: datetime


_known: dict[str, Sender] = {}


def sender_of(secret: str, at: datetime) -> Sender | None:
    """Whose living key the text stands for, or nothing. Its use is noted as `authenticate_key` does."""
    asked = shown(secret, at)
    rows = prepared_first(_SENDER[asked.kind], asked.values) if asked else []
    if not (asked and rows):
        return None
    ((key, secret_hash, scopes, last_used_at, pk, public_id, time_zone, keep_days, forgotten, as_read),) = rows
    if not asked.opens(secret_hash):
        return None
    noted = note_use(key=key, last_used_at=last_used_at, at=at)
    account = Account.from_db("default", ["id", "public_id", "time_zone"], [pk, public_id, time_zone])
    settings = UsageSettings(
        account_id=pk, keep_days=UsageSettings.KEEP_DAYS if keep_days is None else keep_days, forgotten_to=forgotten
    )
    sender = Sender(key, scopes, account, settings, asked.kind, asked.values, as_read, noted + NOTE_EVERY)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[asked.hashes[0]] = sender
    return sender


def known_sender(secret: str, at: datetime) -> Sender | None:
    """As `sender_of` read it last, for a minute at most. A mere memory: the key may have been revoked since, so it is
    to be believed only by a statement that finds STILL."""
    asked = shown(secret, at)
    sender = _known.get(asked.hashes[0]) if asked else None
    if asked is None or sender is None or at >= sender.until:
        return None
    return replace(sender, values={**asked.values, "as_read": sender.as_read})
