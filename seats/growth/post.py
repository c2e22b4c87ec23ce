"""Send an alert to an address of the vendor's own tools: a Slack-style message, or a signed webhook.

Only https, to what staff wrote down; a redirect is a refusal, so nobody can lead it elsewhere.
Signatures: Standard Webhooks (`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`).
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from seatportal.kit.clock import to_unix
from seats.growth.message import address_of, lines_of
from seats.models import Alert, AlertDelivery, AlertEndpoint, Channel

SECONDS = 10
PREFIX = "whsec_"


class NotTaken(Exception):
    """The other side answered, but not with success."""


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def new_secret() -> str:
    """A secret for a webhook: 24 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def signature(*, secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """The header `webhook-signature`. Pure."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{to_unix(at)}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def post_alert(*, delivery: AlertDelivery, endpoint: AlertEndpoint, at: datetime) -> None:
    """Raises NotTaken for an answer other than 2xx, OSError when there is none."""
    headers = {"Content-Type": "application/json"}
    if endpoint.channel == Channel.SLACK:
        body = json.dumps({"text": slack_text(delivery.alert)}).encode()
    else:
        body = json.dumps(payload(delivery.alert)).encode()
        headers |= {
            # The same for every try, so that the receiver knows a repeat.
            "webhook-id": delivery.public_id,
            "webhook-timestamp": str(to_unix(at)),
            "webhook-signature": signature(secret=endpoint.secret, message_id=delivery.public_id, at=at, body=body),
        }
    _post(endpoint.url, body, headers)


def slack_text(alert: Alert) -> str:
    """One line for what it is about, one for each signal, and where to read on."""
    lines = [f"• *{line.title}*: {line.says}" + (f" → {line.task}" if line.task else "") for line in lines_of(alert)]
    return "\n".join([f"*{_escaped(alert.account.name)}*", *map(_escaped, lines), f"<{address_of(alert)}>"])


def payload(alert: Alert) -> dict[str, Any]:
    """The webhook's body: ids, kinds and numbers, no words."""
    account = alert.account
    return {
        "type": "alert.created",
        "timestamp": alert.at.isoformat(),
        "data": {
            "id": alert.public_id,
            "account": {"id": account.public_id, "slug": account.slug, "name": account.name},
            "signals": [
                {
                    "id": line.signal.public_id,
                    "kind": line.signal.kind,
                    "subject": line.signal.subject,
                    "evidence": line.signal.evidence,
                    "seats": line.signal.seats,
                    "task": line.signal.task.public_id if line.signal.task else None,
                }
                for line in lines_of(alert)
            ],
        },
    }


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    if urlsplit(url).scheme != "https":
        raise NotTaken("Only https addresses are called.")
    try:
        request = Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310  https, as checked above
        with build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            answer.read(1)
    except HTTPError as refusal:
        with refusal:
            raise NotTaken(f"HTTP {refusal.code}") from refusal
