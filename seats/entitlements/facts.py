"""What the answers are made of, in one statement: so that it shows one moment, with that moment's revision."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from seats.entitlements.rules import Facts, Seats

# Who has the name now: by the id in their own systems, by ours, by address; as usage events name people. An invitation
# counts only where nobody is in the account by that name.
_FACTS = """
SELECT p.revision, p.purchased, p.comped, p.allowance, p.assigned, p.mode, p.frozen,
       a.name, m.public_id, u.email, m.external_id, coalesce(u.is_active, false), s.public_id, s.started_at,
       w.id IS NOT NULL,
       p.assigned < p.purchased + p.comped + p.allowance AND p.set_aside > 0 AND coalesce(
           r.assigned >= r.seats, p.common_assigned >= p.purchased + p.comped + p.allowance - p.set_aside),
       z.id IS NOT NULL, i.expires_at
FROM seats_seatpool p
CROSS JOIN unnest(%(names)s::text[]) WITH ORDINALITY AS a(name, position)
LEFT JOIN LATERAL (
    SELECT * FROM (
        SELECT 1 AS way, o.id, o.public_id, o.external_id, o.user_id, o.region_id FROM accounts_membership o
        WHERE o.account_id = p.account_id AND o.external_id = a.name AND o.external_id <> '' AND o.left_at IS NULL
        UNION ALL
        SELECT 2, o.id, o.public_id, o.external_id, o.user_id, o.region_id FROM accounts_membership o
        WHERE o.public_id = lower(a.name) AND o.account_id = p.account_id AND o.left_at IS NULL
        UNION ALL
        SELECT 3, o.id, o.public_id, o.external_id, o.user_id, o.region_id FROM accounts_user n
        JOIN accounts_membership o ON o.account_id = p.account_id AND o.user_id = n.id AND o.left_at IS NULL
        WHERE n.email = lower(a.name)
    ) AS found ORDER BY way LIMIT 1
) AS m ON true
LEFT JOIN accounts_user u ON u.id = m.user_id
LEFT JOIN seats_assignment s ON s.account_id = p.account_id AND s.membership_id = m.id AND s.ended_at IS NULL
LEFT JOIN seats_waitingperson w ON w.account_id = p.account_id AND w.membership_id = m.id
    AND w.served_at IS NULL AND w.withdrawn_at IS NULL
LEFT JOIN seats_regionpool r ON r.region_id = m.region_id
LEFT JOIN seats_pause z ON z.account_id = p.account_id AND z.membership_id = m.id AND z.ended_at IS NULL
LEFT JOIN accounts_invitation i ON m.id IS NULL AND i.account_id = p.account_id AND i.email = lower(a.name)
    AND i.state = 'open' AND i.expires_at > %(at)s
WHERE p.account_id = %(account)s
ORDER BY a.position
"""


def read_facts(*, account_id: int, names: Sequence[str], at: datetime) -> tuple[int, Seats, list[Facts]]:
    """The account's revision, its seats, and what is known of each name, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, {"account": account_id, "names": list(names), "at": at})
        rows = cursor.fetchall()
    return rows[0][0], Seats(*rows[0][1:7]), [Facts(*row[7:]) for row in rows]


def revision_of(account_id: int) -> int:
    """The account's revision now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT revision FROM seats_seatpool WHERE account_id = %s", [account_id])
        return int(cursor.fetchone()[0])
