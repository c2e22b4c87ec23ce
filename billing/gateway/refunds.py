"""Money that goes back: refunds of a payment, and credit of a customer that is used up by one."""

from collections.abc import Mapping
from typing import Any, cast

from billing.gateway.client import Client

# How our row is found again at Stripe when an answer was lost.
STAMP = "seat_portal_refund"


class Refunds(Client):
    """Refunds and the customer's balance."""

    def paid_by(self, invoice_id: str) -> str:
        """The payment intent that paid an invoice; empty when no card was charged."""
        data = self._read(lambda: self._reader.v1.invoices.retrieve(invoice_id, {"expand": ["payments"]}))
        for row in (data.get("payments") or {}).get("data") or []:
            if row["status"] == "paid":
                intent = row["payment"].get("payment_intent")
                return str(intent["id"] if isinstance(intent, Mapping) else intent or "")
        return ""

    def refund(self, params: Mapping[str, Any], *, key: str) -> str:
        """Give a payment or a part of it back; returns the refund's id."""
        return str(self._write(key, lambda o: self._writer.v1.refunds.create(cast(Any, dict(params)), o))["id"])

    def find_refund(self, payment_id: str, stamp: str) -> str:
        """The id of the refund that carries our stamp, or empty."""
        page = self._read(lambda: self._reader.v1.refunds.list({"payment_intent": payment_id, "limit": 100}))
        return _stamped(page["data"], stamp)

    def adjust_balance(self, customer_id: str, params: Mapping[str, Any], *, key: str) -> str:
        """Move a customer's balance; above zero takes credit away. Returns the transaction's id."""
        data = self._write(
            key,
            lambda o: self._writer.v1.customers.balance_transactions.create(customer_id, cast(Any, dict(params)), o),
        )
        return str(data["id"])

    def find_adjustment(self, customer_id: str, stamp: str) -> str:
        """The id of the balance transaction that carries our stamp, or empty. The newest hundred are looked at."""
        page = self._read(lambda: self._reader.v1.customers.balance_transactions.list(customer_id, {"limit": 100}))
        return _stamped(page["data"], stamp)


def _stamped(rows: list[dict[str, Any]], stamp: str) -> str:
    return next((str(row["id"]) for row in rows if (row.get("metadata") or {}).get(STAMP) == stamp), "")
