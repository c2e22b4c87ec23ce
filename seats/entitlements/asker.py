"""Who asks with a key, and the revision of the account's answers: one statement."""

from datetime import datetime
from typing import NamedTuple

from accounts.keys.authenticate_key import PREFIX_LENGTH, PURPOSE, note_use
from seatportal.kit.prepared import prepared_first
from seatportal.kit.tokens import opens

# The rule of `authenticate_key`, together with the revision.
_ASKER = """
SELECT k.id, k.secret_hash, k.scopes, k.last_used_at, p.account_id, p.revision
FROM accounts_apikey k
JOIN accounts_account a ON a.id = k.account_id
JOIN seats_seatpool p ON p.account_id = a.id
WHERE k.prefix = %(prefix)s AND k.revoked_at IS NULL AND a.closed_at IS NULL
  AND (k.expires_at IS NULL OR k.expires_at > %(at)s)
"""


class Asker(NamedTuple):
    """key and account_id: primary keys."""

    key: int
    scopes: list[str]
    account_id: int
    revision: int


def asker_of(secret: str, at: datetime) -> Asker | None:
    """Whose living key the text is, or nothing. Its use is noted as `authenticate_key` does."""
    if not (secret.isascii() and secret.isprintable()):
        return None
    rows = prepared_first(_ASKER, {"prefix": secret[:PREFIX_LENGTH], "at": at})
    if not rows:
        return None
    ((key, secret_hash, scopes, last_used_at, account_id, revision),) = rows
    if not opens(secret, secret_hash, purpose=PURPOSE):
        return None
    note_use(key=key, last_used_at=last_used_at, at=at)
    return Asker(key, scopes, account_id, revision)
