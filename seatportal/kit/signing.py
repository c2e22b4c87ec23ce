"""Signatures of outgoing messages: Standard Webhooks (https://www.standardwebhooks.com).

`webhook-signature` holds one or more of `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from seatportal.kit.clock import to_unix

PREFIX = "whsec_"


def new_secret() -> str:
    """24 random bytes, as text."""
    return as_secret(secrets.token_bytes(24))


def as_secret(key: bytes) -> str:
    """Bytes of a key in the form in which both sides keep it."""
    return PREFIX + base64.b64encode(key).decode()


def signature(*, secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """One signature. Pure."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{to_unix(at)}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signed_headers(*, secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """What goes with a message. message_id: the same for every try, so that the receiver knows a repeat. secrets: two
    while one is being rotated."""
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(to_unix(at)),
        "webhook-signature": " ".join(
            signature(secret=secret, message_id=message_id, at=at, body=body) for secret in secrets
        ),
    }
