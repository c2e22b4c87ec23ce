"""The simulator's address book: where it sends the demo's webhooks."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from seatportal.demo.state import DemoState

PATH = "/billing/webhooks/stripe/"
KEY = "sk_test_simulator"


def register_webhook_endpoint(*, simulator_url: str, url: str, state: DemoState) -> str:
    """Make the simulator deliver every event to `url`, and return the secret that it signs them with.

    The endpoint is created once per data folder and follows the web server when its port changes.
    Raises OSError when the simulator does not answer.
    """
    known = state.get("webhook_endpoint")
    if known and known["url"] == url and _request(simulator_url, known["id"]) is not None:
        return str(known["secret"])
    if known and _request(simulator_url, known["id"], {"url": url}) is not None:
        state.put(webhook_endpoint={**known, "url": url})
        return str(known["secret"])
    made = _request(simulator_url, "", {"url": url, "enabled_events[0]": "*"})
    if made is None:
        raise OSError(f"The simulator at {simulator_url} knows no webhook endpoints.")
    state.put(webhook_endpoint={"id": made["id"], "url": url, "secret": made["secret"]})
    return str(made["secret"])


def _request(simulator_url: str, endpoint: str, form: dict[str, str] | None = None) -> dict[str, Any] | None:
    """GET, or POST a form; return the answer, or None when there is no such endpoint."""
    request = urllib.request.Request(  # noqa: S310  our own simulator
        f"{simulator_url}/v1/webhook_endpoints/{endpoint}".rstrip("/"),
        data=urllib.parse.urlencode(form).encode() if form else None,
        headers={"Authorization": f"Bearer {KEY}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 404:
                return None
        raise
