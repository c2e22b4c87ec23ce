"""A champion who is gone (product.md E14)."""

from collections.abc import Iterator
from datetime import datetime

from seats.growth.detectors.read import rows
from seats.growth.found import Found
from seats.growth.picture import Span
from seats.models import Signal


def champions_gone(span: Span, at: datetime) -> Iterator[Found]:
    """Champions who left the account or may no longer sign in, until they are taken off the map."""
    found = rows(
        """
        SELECT c.account_id, c.public_id, c.name,
               (SELECT count(*) FROM seats_contact o JOIN accounts_membership om ON om.id = o.membership_id
                WHERE o.account_id = c.account_id AND o.role = 'champion' AND o.ended_at IS NULL
                  AND om.left_at IS NULL)
        FROM seats_contact c
        JOIN accounts_membership m ON m.id = c.membership_id
        JOIN accounts_user u ON u.id = m.user_id
        WHERE c.account_id BETWEEN %(first)s AND %(last)s AND c.role = 'champion' AND c.ended_at IS NULL
          AND (m.left_at IS NOT NULL OR NOT u.is_active)
        """,
        span,
    )
    for account, contact, name, others in found:
        yield Found(account, Signal.Kind.CHAMPION_LEFT, subject=contact, evidence={"champion": name, "others": others})
