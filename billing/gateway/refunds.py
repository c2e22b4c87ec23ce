"""Money that goes back: refunds of a payment, and credit of a customer that is used up by one."""

from collections.abc import Mapping
from typing import Any, cast

from billing.gateway.client import Client
from billing.gateway.contract import RemoteRefund

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

    def refund(self, params: Mapping[str, Any], *, key: str) -> RemoteRefund:
        """Give a payment or a part of it back."""
        return _refund(self._write(key, lambda o: self._writer.v1.refunds.create(cast(Any, dict(params)), o)))

    def read_refund(self, stripe_id: str) -> RemoteRefund:
        """One refund as it stands now; banks send some back after days."""
        return _refund(self._read(lambda: self._reader.v1.refunds.retrieve(stripe_id)))

    def refunds_of(self, payment_id: str) -> list[RemoteRefund]:
        """The newest hundred of a payment."""
        page = self._read(lambda: self._reader.v1.refunds.list({"payment_intent": payment_id, "limit": 100}))
        return [_refund(row) for row in page["data"]]

    def adjust_balance(self, customer_id: str, params: Mapping[str, Any], *, key: str) -> str:
        """Move a customer's balance; above zero takes credit away. Returns the transaction's id."""
        data = self._write(
            key,
            lambda o: self._writer.v1.customers.balance_transactions.create(customer_id, cast(Any, dict(params)), o),
        )
        return str(data["id"])

    def adjustments_of(self, customer_id: str, stamp: str) -> list[tuple[str, int]]:
        """Ids and amounts of the balance transactions whose stamp begins so, newest first, of the newest hundred."""
        page = self._read(lambda: self._reader.v1.customers.balance_transactions.list(customer_id, {"limit": 100}))
        return [(str(row["id"]), int(row["amount"])) for row in page["data"] if _stamp(row).startswith(stamp)]


def _refund(row: Mapping[str, Any]) -> RemoteRefund:
    return RemoteRefund(
        id=row["id"],
        status=row.get("status") or "",
        amount=row["amount"],
        failure_reason=row.get("failure_reason") or "",
        stamp=_stamp(row),
    )


def _stamp(row: Mapping[str, Any]) -> str:
    return str((row.get("metadata") or {}).get(STAMP) or "")
