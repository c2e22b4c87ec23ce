"""What a caller shows: the text of a key, or a token that an OAuth client was given (ADR 48)."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings

from seatportal.kit.ids import ALPHABET
from seatportal.kit.tokens import new_token, same, token_hashes

PURPOSE = "api-key"
TOKEN_PURPOSE = "oauth-token"
KEYS_BEGIN = ("sp_test_", "sp_live_")
PREFIX_LENGTH = len("sp_test_") + 8

# The same rule as in `authenticate_key`.
_ROWS = {
    "key": """
        SELECT k.id, k.account_id, k.scopes, k.last_used_at, k.secret_hash
        FROM accounts_apikey k JOIN accounts_account a ON a.id = k.account_id
        WHERE k.prefix = %(prefix)s
          AND k.revoked_at IS NULL AND a.closed_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %(at)s)""",
    "token": """
        SELECT k.id, k.account_id, string_to_array(t.scopes, chr(10)) AS scopes, k.last_used_at, t.hash AS secret_hash
        FROM allauth_idp_oidc_token t
        JOIN accounts_apikey k ON k.oauth_client_id = t.client_id
        JOIN accounts_account a ON a.id = k.account_id
        WHERE t.type = 'at' AND t.hash = ANY(%(hashes)s) AND t.expires_at > %(at)s
          AND k.revoked_at IS NULL AND a.closed_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %(at)s)""",
}


class Shown(NamedTuple):
    """kind: `key` or `token`. hashes: under each of the server's keys. values: what finds the row."""

    kind: str
    hashes: list[str]
    values: dict[str, Any]

    def opens(self, stored: str) -> bool:
        """Whether a row's hash is this text's."""
        return any(same(stored, made) for made in self.hashes)


def shown(secret: str, at: datetime) -> Shown | None:
    """How to look for what a text belongs to; nothing for a text that can belong to nothing."""
    if not (secret.isascii() and secret.isprintable()):
        return None
    if secret.startswith(KEYS_BEGIN):
        prefix = secret[:PREFIX_LENGTH]
        return Shown("key", token_hashes(secret, purpose=PURPOSE), {"prefix": prefix, "at": at})
    hashes = token_hashes(secret, purpose=TOKEN_PURPOSE)
    return Shown("token", hashes, {"hashes": hashes, "at": at})


def statements(rest: str) -> Mapping[str, str]:
    """For a door that knows its caller by one statement: `rest` reads from `k` (id, account_id, scopes, last_used_at,
    secret_hash), the living key, by the rule of `authenticate_key`. One text for each kind."""
    return {kind: f"WITH k AS ({rows})\n{rest}" for kind, rows in _ROWS.items()}


def new_key(kind: str) -> tuple[str, str]:
    """The readable start of a new key and its whole text. kind: what all of its kind begin with, such as `sp`.

    It says whether real money can move behind it, so that nobody pastes the wrong one.
    """
    mode = "live" if settings.STRIPE_API_KEY.startswith(("sk_live_", "rk_live_")) else "test"
    prefix = f"{kind}_{mode}_" + "".join(secrets.choice(ALPHABET) for _ in range(8))
    return prefix, f"{prefix}_{new_token()}"
