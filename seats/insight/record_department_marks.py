"""Keep how many seats each department holds, by one statement for everybody."""

from datetime import UTC, datetime

from django.db import connection

_WRITE = """
    INSERT INTO seats_departmentmark (account_id, department_id, day, holders)
    SELECT d.account_id, d.id, %(day)s, COALESCE(held.holders, 0)
    FROM accounts_department d
    LEFT JOIN (
        SELECT m.department_id, count(*) AS holders
        FROM seats_assignment s JOIN accounts_membership m ON m.id = s.membership_id
        WHERE s.ended_at IS NULL AND m.department_id IS NOT NULL GROUP BY m.department_id
    ) AS held ON held.department_id = d.id
    LEFT JOIN LATERAL (
        SELECT k.holders FROM seats_departmentmark k WHERE k.department_id = d.id ORDER BY k.day DESC LIMIT 1
    ) AS last ON true
    WHERE last.holders IS DISTINCT FROM COALESCE(held.holders, 0)
    ORDER BY d.id
    ON CONFLICT (department_id, day) DO UPDATE SET holders = EXCLUDED.holders
"""


def record_department_marks(*, at: datetime) -> int:
    """Write a mark where the number moved since the last; returns how many. Twice is as once."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {"day": at.astimezone(UTC).date()})
        return int(cursor.rowcount)
