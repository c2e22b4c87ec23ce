"""A stand-in for a `requests` session, as allauth wants one, whose calls go by our guarded way out."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from requests import ConnectionError, HTTPError
from requests.exceptions import InvalidJSONError

from seatportal.kit.outgoing import Document, NoAnswer, NotAllowed, fetch


class GuardedResponse:
    """What allauth reads of an answer."""

    def __init__(self, got: Document) -> None:
        self.status_code = got.status
        self.headers = {"content-type": "", **got.headers}
        self.content = got.body
        self.text = got.body.decode("utf-8", errors="replace")

    def raise_for_status(self) -> None:
        """Raises requests.HTTPError."""
        if not 200 <= self.status_code < 300:
            raise HTTPError(f"HTTP {self.status_code}")

    def json(self) -> Any:
        """Raises a requests.RequestException for what is no JSON object."""
        try:
            found = json.loads(self.content)
        except ValueError as error:
            raise InvalidJSONError(str(error)) from error
        if not isinstance(found, dict):
            raise InvalidJSONError("not an object")
        return found


class GuardedSession:
    """No redirects, no private addresses, 15 seconds, two megabytes."""

    def __enter__(self) -> "GuardedSession":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is kept open."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> GuardedResponse:
        """Raises a requests.RequestException."""
        return self.request("GET", url, headers=headers)

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
    ) -> GuardedResponse:
        """Raises a requests.RequestException."""
        sent = {"Accept": "application/json", **(headers or {})}
        if auth is not None:
            pair = base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode()
            sent["Authorization"] = f"Basic {pair}"
        body = None
        if data is not None:
            body = urlencode(data).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            return GuardedResponse(
                fetch(f"{url}?{urlencode(params)}" if params else url, method=method, body=body, headers=sent)
            )
        except (NotAllowed, NoAnswer) as error:
            raise ConnectionError(str(error)) from error
