"""Documents of an account: which there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account
from billing.mirror.queries import changes_of
from billing.models import QuantityChange
from seats.documents.request_sheet import APPROVED, purchases_of

ORDER, REQUEST = "order", "request"
KINDS = (ORDER, REQUEST)


@dataclass(frozen=True)
class Document:
    """One. id: of the order or request that it is of. at: when the order was carried out or the request approved."""

    id: str
    kind: str
    at: datetime
    po_number: str


def documents_of(account: Account, *, kinds: frozenset[str] = frozenset(KINDS)) -> list[Document]:
    """Of applied purchases and of approved requests, the newest first."""
    found = [
        *(_orders(account) if ORDER in kinds else ()),
        *(_requests(account) if REQUEST in kinds else ()),
    ]
    return sorted(found, key=lambda row: (row.at, row.id), reverse=True)


def _orders(account: Account) -> Iterator[Document]:
    for change in changes_of(account).filter(state=QuantityChange.State.APPLIED):
        yield Document(change.public_id, ORDER, change.settled_at or change.confirmed_at, change.po_number)


def _requests(account: Account) -> Iterator[Document]:
    for asked in purchases_of(account).filter(state__in=APPROVED):
        yield Document(asked.public_id, REQUEST, asked.decided_at or asked.created_at, asked.po_number)
