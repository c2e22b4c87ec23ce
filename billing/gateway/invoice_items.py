"""Invoice items: what waits for the next invoice."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from billing.gateway import convert
from billing.gateway.client import Client
from billing.gateway.contract import RemoteInvoiceItem


class InvoiceItems(Client):
    """Invoice items: what waits for the next invoice."""

    def create_invoice_item(self, params: Mapping[str, Any], *, key: str) -> RemoteInvoiceItem:
        """Add a line to the next invoice: stored parameters, byte for byte."""
        return convert.invoice_item(
            self._write(key, lambda o: self._writer.v1.invoice_items.create(cast(Any, dict(params)), o))
        )

    def invoice_items_of(self, customer_id: str, *, pending: bool = False) -> Iterator[RemoteInvoiceItem]:
        """A customer's invoice items, the newest first: those that wait and, unless `pending`, those on an invoice."""
        after = ""
        while True:
            params: dict[str, Any] = {"customer": customer_id, "limit": 100}
            if pending:
                params["pending"] = True
            if after:
                params["starting_after"] = after
            page = self._get("/v1/invoiceitems", params)
            yield from (convert.invoice_item(row) for row in page["data"])
            if not page["has_more"]:
                return
            after = page["data"][-1]["id"]
