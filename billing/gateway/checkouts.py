"""Checkout sessions: Stripe's page for the first purchase."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from billing.gateway.client import Client
from billing.gateway.convert import Json, id_of


@dataclass(frozen=True)
class RemoteCheckout:
    """One session. status: open, complete or expired; url is empty once it is not open."""

    id: str
    status: str
    url: str
    subscription_id: str


class Checkouts(Client):
    """Checkout sessions."""

    def open_checkout(self, params: Mapping[str, Any], *, key: str) -> RemoteCheckout:
        """Open one. A replay gives the first answer, so what it is now is for a read to say."""
        return _checkout(
            self._write(key, lambda o: self._writer.v1.checkout.sessions.create(cast(Any, dict(params)), o))
        )

    def checkout(self, session_id: str) -> RemoteCheckout:
        """Read one."""
        return _checkout(self._read(lambda: self._reader.v1.checkout.sessions.retrieve(session_id)))

    def expire_checkout(self, session_id: str, *, key: str) -> None:
        """Close an open one, so that nobody can pay it any more."""
        self._write(key, lambda o: self._writer.v1.checkout.sessions.expire(session_id, {}, o))


def _checkout(data: Json) -> RemoteCheckout:
    return RemoteCheckout(
        id=data["id"],
        status=data.get("status") or "",
        url=data.get("url") or "",
        subscription_id=id_of(data.get("subscription")),
    )
