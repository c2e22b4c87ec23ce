"""Send an alert to an address of the vendor's own tools: a Slack-style message, or a signed webhook.

Only https, to what staff wrote down, which may lie in our own network; a redirect is a refusal.
"""

import json
from datetime import datetime
from typing import Any

from seatportal.kit.outgoing import post
from seatportal.kit.signing import signed_headers
from seats.growth.message import address_of, lines_of
from seats.models import Alert, AlertDelivery, AlertEndpoint, Channel


class NotTaken(Exception):
    """The other side answered, but not with success."""


def post_alert(*, delivery: AlertDelivery, endpoint: AlertEndpoint, at: datetime) -> None:
    """Raises NotTaken for an answer other than 2xx, NotAllowed, and NoAnswer when there is none."""
    if endpoint.channel == Channel.SLACK:
        body = json.dumps({"text": slack_text(delivery.alert)}).encode()
        headers = {"Content-Type": "application/json"}
    else:
        body = json.dumps(payload(delivery.alert)).encode()
        headers = signed_headers(secrets=[endpoint.secret], message_id=delivery.public_id, at=at, body=body)
    answer = post(endpoint.url, body=body, headers=headers, anywhere=True)
    if not answer.is_success:
        raise NotTaken(f"HTTP {answer.status}")


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
