"""Secrets: made here, kept only as hashes, compared in constant time."""

import hmac
import secrets
from hashlib import sha256

from django.conf import settings


def new_token() -> str:
    """A secret of 256 bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def token_hash(token: str, *, purpose: str) -> str:
    """A keyed hash of a secret; a stolen table does not open anything. purpose: keeps uses apart."""
    key = f"{purpose}:{settings.SECRET_KEY}".encode()
    return hmac.new(key, token.encode(), sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two texts in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
