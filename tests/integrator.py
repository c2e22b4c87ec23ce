"""A program at a customer that speaks to the API with a key."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.test import Client

from accounts.access.actor import Actor
from accounts.access.roles import CAPABILITIES
from accounts.keys.issue_api_key import issue_api_key
from accounts.models import ApiKey, Membership

ALL = tuple(CAPABILITIES)


@dataclass
class Integrator:
    """JSON in, JSON out."""

    secret: str
    key: ApiKey
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request under /api/v1/. Header names with underscores: `idempotency_key="a"`."""
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {self.secret}",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    def get(self, path: str, **headers: str) -> Any:
        """Read."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Write."""
        return self.ask("POST", path, body if body is not None else {}, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        """Change."""
        return self.ask("PATCH", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        """Replace."""
        return self.ask("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        """Take away."""
        return self.ask("DELETE", path, **headers)


def integrator_of(membership: Membership, at: datetime, *scopes: str, expires_at: datetime | None = None) -> Integrator:
    """A key of the membership's account; every scope when none is named."""
    key, secret = issue_api_key(
        account=membership.account,
        name="Directory sync",
        scopes=scopes or ALL,
        expires_at=expires_at,
        membership=membership,
        actor=Actor(user=membership.user),
        at=at,
    )
    return Integrator(secret, key)


def problem(response: Any) -> dict[str, Any]:
    """The body of a refusal, which has to be a problem."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body: dict[str, Any] = json.loads(response.content)
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:seat-portal:problem:{body['code']}"
    return body
