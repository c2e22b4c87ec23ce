"""What is set up once at Stripe: where it delivers, and what its customer portal allows."""

from dataclasses import dataclass
from typing import Any, cast

from billing.gateway.client import API_VERSION, Client
from billing.gateway.events import EVENT_KINDS

PORTAL_FEATURES: dict[str, Any] = {
    "payment_method_update": {"enabled": True},
    "invoice_history": {"enabled": True},
    "customer_update": {"enabled": True, "allowed_updates": ["email", "address", "tax_id"]},
    # Seats have one writer, and an end of the subscription has its own page.
    "subscription_update": {"enabled": False},
    "subscription_cancel": {"enabled": False},
}


@dataclass(frozen=True)
class RemoteEndpoint:
    """One webhook endpoint; api_version empty is the account's default."""

    id: str
    url: str
    enabled: bool
    api_version: str
    kinds: tuple[str, ...]


class Setup(Client):
    """What is set up once at Stripe."""

    def webhook_endpoints(self) -> list[RemoteEndpoint]:
        """Every endpoint; Stripe allows sixteen."""
        page = self._read(lambda: self._reader.v1.webhook_endpoints.list({"limit": 100}))
        return [
            RemoteEndpoint(
                id=row["id"],
                url=row["url"],
                enabled=row["status"] == "enabled",
                api_version=row.get("api_version") or "",
                kinds=tuple(row["enabled_events"]),
            )
            for row in page["data"]
        ]

    def create_webhook_endpoint(self, url: str, *, key: str) -> tuple[str, str]:
        """An endpoint in the library's version for the events that we hear; returns its id and (told once) secret."""
        params = {
            "url": url,
            "api_version": API_VERSION,
            "enabled_events": list(EVENT_KINDS),
            "description": "Seat Portal",
        }
        made = self._write(key, lambda o: self._writer.v1.webhook_endpoints.create(cast(Any, params), o))
        return str(made["id"]), str(made["secret"])

    def disable_webhook_endpoint(self, endpoint_id: str, *, key: str) -> None:
        """Let nothing more be delivered there."""
        self._write(key, lambda o: self._writer.v1.webhook_endpoints.update(endpoint_id, {"disabled": True}, o))

    def portal_configurations_that_change_quantities(self) -> list[str]:
        """Ids of active configurations of the customer portal in which a customer can change a quantity."""
        page = self._read(lambda: self._reader.v1.billing_portal.configurations.list({"active": True, "limit": 100}))
        return [row["id"] for row in page["data"] if _changes_quantities(row["features"]["subscription_update"])]

    def make_portal_safe(self, *, key: str) -> str:
        """Give the default configuration our features, or make the first one; returns its id."""
        page = self._read(lambda: self._reader.v1.billing_portal.configurations.list({"is_default": True, "limit": 1}))
        configurations = self._writer.v1.billing_portal.configurations
        params = cast(Any, {"features": PORTAL_FEATURES})
        if page["data"]:
            default = page["data"][0]["id"]
            return str(self._write(key, lambda o: configurations.update(default, params, o))["id"])
        return str(self._write(key, lambda o: configurations.create(params, o))["id"])


def _changes_quantities(feature: dict[str, Any]) -> bool:
    return bool(feature["enabled"]) and "quantity" in (feature.get("default_allowed_updates") or [])
