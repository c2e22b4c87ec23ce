"""Who sends usage events with a key or a token: all that taking them needs to know, in one statement."""

from dataclasses import dataclass
from datetime import datetime

from accounts.keys.authenticate_key import note_use
from accounts.keys.shown import shown, statements
from accounts.models import Account
from seatportal.kit.prepared import prepared_first
from seats.models import UsageSettings

_SENDER = statements("""
SELECT k.id, k.secret_hash, k.scopes, k.last_used_at, a.id, a.public_id, a.time_zone, s.keep_days, s.forgotten_to
FROM k
JOIN accounts_account a ON a.id = k.account_id
LEFT JOIN seats_usagesettings s ON s.account_id = a.id
""")


@dataclass(frozen=True)
class Sender:
    """key: its primary key. account: knows its names and its time zone only; the rest is fetched when it is asked."""

    key: int
    scopes: list[str]
    account: Account
    settings: UsageSettings


def sender_of(secret: str, at: datetime) -> Sender | None:
    """Whose living key the text stands for, or nothing. Its use is noted as `authenticate_key` does."""
    asked = shown(secret, at)
    rows = prepared_first(_SENDER[asked.kind], asked.values) if asked else []
    if not (asked and rows):
        return None
    ((key, secret_hash, scopes, last_used_at, pk, public_id, time_zone, keep_days, forgotten),) = rows
    if not asked.opens(secret_hash):
        return None
    note_use(key=key, last_used_at=last_used_at, at=at)
    account = Account.from_db("default", ["id", "public_id", "time_zone"], [pk, public_id, time_zone])
    settings = UsageSettings(
        account_id=pk, keep_days=UsageSettings.KEEP_DAYS if keep_days is None else keep_days, forgotten_to=forgotten
    )
    return Sender(key, scopes, account, settings)
