"""Subscriptions: read, preview, update."""

from collections.abc import Mapping
from typing import Any, cast

from billing.gateway import convert
from billing.gateway.client import Client, path_of
from billing.gateway.contract import Listed, RemoteInvoice, RemoteSubscription

SUBSCRIPTION_EXPAND = ["latest_invoice", "default_payment_method"]
CUSTOMER_EXPAND = "customer.invoice_settings.default_payment_method"


class Subscriptions(Client):
    """Subscriptions: read, preview, update."""

    def subscription(self, subscription_id: str, *, with_customer: bool = False) -> RemoteSubscription:
        """Read one subscription with its latest invoice, and with its customer if that is asked for."""
        expand = [*SUBSCRIPTION_EXPAND, CUSTOMER_EXPAND] if with_customer else SUBSCRIPTION_EXPAND
        return convert.subscription(self._get(path_of("subscriptions", subscription_id), {"expand": expand}))

    def subscriptions_of(self, customer_id: str) -> list[RemoteSubscription]:
        """Every subscription of a customer, ended ones too."""
        page = self._read(
            lambda: self._reader.v1.subscriptions.list(
                cast(
                    Any,
                    {
                        "customer": customer_id,
                        "status": "all",
                        "limit": 100,
                        "expand": [f"data.{name}" for name in SUBSCRIPTION_EXPAND],
                    },
                )
            )
        )
        return [convert.subscription(row) for row in page["data"]]

    def subscription_page(self, *, after: str = "", customer_id: str = "") -> tuple[list[Listed], bool]:
        """A hundred subscriptions of all customers or of one, ended ones too, and whether there are more after them."""
        params: dict[str, Any] = {"status": "all", "limit": 100}
        params["expand"] = [f"data.{name}" for name in SUBSCRIPTION_EXPAND]
        if after:
            params["starting_after"] = after
        if customer_id:
            params["customer"] = customer_id
        page = self._read(lambda: self._reader.v1.subscriptions.list(cast(Any, params)))
        return [convert.listed(row) for row in page["data"]], bool(page["has_more"])

    def preview(self, params: Mapping[str, Any]) -> RemoteInvoice:
        """What an update would cost; changes nothing."""
        return convert.invoice(self._get("/v1/invoices/create_preview", params, method="post"))

    def update_subscription(self, subscription_id: str, params: Mapping[str, Any], *, key: str) -> None:
        """Send stored parameters byte for byte. What came of it is for a read to say."""
        self._write(key, lambda o: self._writer.v1.subscriptions.update(subscription_id, cast(Any, dict(params)), o))

    def resume_subscription(self, subscription_id: str, params: Mapping[str, Any], *, key: str) -> None:
        """Let a paused subscription go on. What came of it is for a read to say."""
        self._write(key, lambda o: self._writer.v1.subscriptions.resume(subscription_id, cast(Any, dict(params)), o))

    def cancel_subscription(self, subscription_id: str, *, key: str) -> None:
        """End one at once, without a last invoice and without credit."""
        params = {"invoice_now": False, "prorate": False}
        self._write(key, lambda o: self._writer.v1.subscriptions.cancel(subscription_id, cast(Any, params), o))
