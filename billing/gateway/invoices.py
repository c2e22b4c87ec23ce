"""Invoices: read, pay, void."""

from datetime import datetime
from typing import Any, cast

from billing.gateway import convert
from billing.gateway.client import Client, path_of
from billing.gateway.contract import RemoteInvoice, RemotePayment
from seatportal.kit.clock import to_unix


class Invoices(Client):
    """Invoices: read, pay, void."""

    def invoice(self, invoice_id: str) -> RemoteInvoice:
        """Read one invoice with its first lines."""
        return convert.invoice(self._get(path_of("invoices", invoice_id)))

    def invoices_of(self, subscription_id: str, *, limit: int = 100) -> list[RemoteInvoice]:
        """The newest invoices of a subscription."""
        page = self._get("/v1/invoices", {"subscription": subscription_id, "limit": limit})
        return [convert.invoice(row) for row in page["data"]]

    def paid_invoices(
        self, since: datetime, *, after: str = "", customer_id: str = ""
    ) -> tuple[list[RemoteInvoice], bool]:
        """A hundred paid invoices made since a moment, newest first, and whether there are older ones."""
        params: dict[str, Any] = {"status": "paid", "created": {"gte": to_unix(since)}, "limit": 100}
        if after:
            params["starting_after"] = after
        if customer_id:
            params["customer"] = customer_id
        page = self._read(lambda: self._reader.v1.invoices.list(cast(Any, params)))
        return [convert.invoice(row) for row in page["data"]], bool(page["has_more"])

    def payment_of(self, invoice_id: str) -> RemotePayment | None:
        """What the payment of an open invoice waits for."""
        return convert.payment(
            self._read(
                lambda: self._reader.v1.invoices.retrieve(
                    invoice_id, {"expand": ["payments.data.payment.payment_intent"]}
                )
            )
        )

    def void_invoice(self, invoice_id: str, *, key: str) -> None:
        """Void an open invoice; a pending update that waits for it is dropped."""
        self._write(key, lambda o: self._writer.v1.invoices.void_invoice(invoice_id, {}, o))

    def pay_invoice(self, invoice_id: str, *, key: str) -> None:
        """Try an open invoice again with the customer's card; the customer is present."""
        self._write(key, lambda o: self._writer.v1.invoices.pay(invoice_id, {"off_session": False}, o))
