"""Who asks with a key or a token, and the revision of the account's answers: one statement."""

from datetime import datetime
from typing import NamedTuple

from accounts.keys.authenticate_key import note_use
from accounts.keys.shown import shown, statements
from seatportal.kit.prepared import prepared_first

_ASKER = statements("""
SELECT k.id, k.secret_hash, k.scopes, k.last_used_at, p.account_id, p.revision
FROM k
JOIN seats_seatpool p ON p.account_id = k.account_id
""")


class Asker(NamedTuple):
    """key and account_id: primary keys."""

    key: int
    scopes: list[str]
    account_id: int
    revision: int


def asker_of(secret: str, at: datetime) -> Asker | None:
    """Whose living key the text stands for, or nothing. Its use is noted as `authenticate_key` does."""
    asked = shown(secret, at)
    rows = prepared_first(_ASKER[asked.kind], asked.values) if asked else []
    if not (asked and rows):
        return None
    ((key, secret_hash, scopes, last_used_at, account_id, revision),) = rows
    if not asked.opens(secret_hash):
        return None
    note_use(key=key, last_used_at=last_used_at, at=at)
    return Asker(key, scopes, account_id, revision)
