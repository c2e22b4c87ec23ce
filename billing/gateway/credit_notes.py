"""Credit notes: an invoice that was too high is put right."""

from collections.abc import Mapping
from typing import Any, cast

from billing.gateway.client import Client
from billing.gateway.contract import RemoteCreditNote

# How our row is found again at Stripe when an answer was lost.
STAMP = "seat_portal_credit_note"


class CreditNotes(Client):
    """Credit notes of one invoice."""

    def create_credit_note(self, params: Mapping[str, Any], *, key: str) -> RemoteCreditNote:
        """Issue one; what a card paid goes back to it when the parameters say so."""
        return _note(self._write(key, lambda o: self._writer.v1.credit_notes.create(cast(Any, dict(params)), o)))

    def find_credit_note(self, invoice_id: str, stamp: str) -> RemoteCreditNote | None:
        """The one that carries our stamp and is in force."""
        page = self._read(lambda: self._reader.v1.credit_notes.list({"invoice": invoice_id, "limit": 100}))
        valid = (row for row in page["data"] if row["status"] != "void")
        rows = (row for row in valid if (row.get("metadata") or {}).get(STAMP) == stamp)
        return next((_note(row) for row in rows), None)


def _note(data: Mapping[str, Any]) -> RemoteCreditNote:
    return RemoteCreditNote(
        id=data["id"],
        number=data.get("number") or "",
        total=data["total"],
        currency=data["currency"],
        before_payment=data["pre_payment_amount"],
    )
