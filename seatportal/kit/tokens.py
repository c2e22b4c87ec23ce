"""Secrets: made here, kept only as hashes, compared in constant time."""

import hmac
import secrets
from hashlib import sha256

from django.conf import settings


def new_token() -> str:
    """A secret of 256 bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def server_keys() -> list[str]:
    """The server's secret keys: the current one, then former ones, which still open what was made with them."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def token_hash(token: str, *, purpose: str) -> str:
    """A keyed hash of a secret; a stolen table does not open anything. purpose: keeps uses apart."""
    return token_hashes(token, purpose=purpose)[0]


def token_hashes(token: str, *, purpose: str) -> list[str]:
    """The hash under each of the server's keys, the current one's first."""
    return [hmac.new(f"{purpose}:{key}".encode(), token.encode(), sha256).hexdigest() for key in server_keys()]


def opens(token: str, stored: str, *, purpose: str) -> bool:
    """Whether a stored hash is this secret's."""
    return any(same(stored, made) for made in token_hashes(token, purpose=purpose))


def same(left: str, right: str) -> bool:
    """Compare two texts in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
