"""One request, held against a second answer at the same moment."""

from accounts.models import Account
from seats.errors import RequestGone
from seats.models import SeatRequest
from seats.requests.rules import check_open


def lock_open_request(account: Account, request: SeatRequest) -> SeatRequest:
    """Lock an open request of this account. Raises RequestGone."""
    row = (
        SeatRequest.objects.select_for_update(no_key=True, of=("self",))
        .filter(account=account, pk=request.pk)
        .select_related("membership__user", "membership__account")
        .first()
    )
    if row is None:
        raise RequestGone
    check_open(row.state)
    return row
