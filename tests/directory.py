"""A directory that speaks SCIM to an account, as Okta and Entra do."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.test import Client

from accounts.access.actor import Actor
from accounts.directory.connect import connect_directory
from accounts.models import Account, DirectoryPerson, Membership, ScimConnection

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SEAT = "urn:ietf:params:scim:schemas:extension:seatportal:1.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@dataclass
class Directory:
    """JSON in, JSON out."""

    secret: str
    connection: ScimConnection
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    @property
    def account(self) -> Account:
        return self.connection.account

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request under /scim/v2/. Header names with underscores."""
        return self.client.generic(
            method,
            f"/scim/v2/{path}",
            "" if body is None else json.dumps(body),
            content_type="application/scim+json",
            headers={
                "Authorization": f"Bearer {self.secret}",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    def get(self, path: str, **headers: str) -> Any:
        """Read."""
        return self.ask("GET", path, **headers)

    def find(self, kind: str, wanted: str, **more: str) -> Any:
        """Search by a filter."""
        return self.client.get(
            f"/scim/v2/{kind}", {"filter": wanted, **more}, headers={"Authorization": f"Bearer {self.secret}"}
        )

    def add(self, name: str, **more: Any) -> Any:
        """A new user at acme.example; answers the response."""
        return self.ask("POST", "Users", new_user(name, **more))

    def patch(self, kind: str, key: str, *operations: dict[str, Any], **headers: str) -> Any:
        """Change by operations."""
        return self.ask("PATCH", f"{kind}/{key}", {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def set_active(self, key: str, active: bool) -> Any:
        """As Okta does it."""
        return self.patch("Users", key, {"op": "replace", "value": {"active": active}})

    def group(self, name: str, *people: str) -> Any:
        """A new group; answers the response."""
        members = [{"value": key} for key in people]
        return self.ask("POST", "Groups", {"schemas": [GROUP], "displayName": name, "members": members})

    def state(self, key: str) -> tuple[bool, str]:
        """active and the seat's state, as the directory reads them."""
        user = self.get(f"Users/{key}").json()
        return user["active"], user["entitlements"][0]["value"]


def new_user(name: str, *, domain: str = "acme.example", **more: Any) -> dict[str, Any]:
    """A user as a directory sends it."""
    address = f"{name.lower()}@{domain}"
    return {
        "schemas": [USER],
        "userName": address,
        "name": {"givenName": name, "familyName": "Smith"},
        "displayName": f"{name} Smith",
        "emails": [{"value": address, "type": "work", "primary": True}],
        "active": True,
    } | more


def directory_of(owner: Membership, now: datetime, *, name: str = "Okta") -> Directory:
    """A connection made by the account's owner."""
    connection, secret = connect_directory(
        account=owner.account, name=name, membership=owner, actor=Actor(user=owner.user), at=now
    )
    return Directory(secret, connection)


def person(key: str) -> DirectoryPerson:
    """The row behind a SCIM id."""
    return DirectoryPerson.objects.get(public_id=key)
