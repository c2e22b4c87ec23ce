"""People without a seat, new leaders, and people who use everything (product.md C5, C6, C8)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from seats.growth.detectors.read import rows
from seats.growth.found import Found
from seats.growth.picture import Span
from seats.models import Signal

# So many people more than there are free seats: two new ones are everyday life.
GAP = 3
# A leader is new for so long, in an account that had people so long before.
NEW_FOR = timedelta(days=30)
SETTLED = timedelta(days=30)
# Titles that lead a department, in our three languages; a whole word of the title.
LEADS = (
    r"\m(head of|vp|svp|evp|vice president|director|directora|chief|c[efimoprst]o|leiter|leiterin|leitung|"
    r"bereichsleit\w*|abteilungsleit\w*|geschäftsführ\w*|jefe de|jefa de|responsable de)\M"
)
# At least so many people, active on so many of the last 20 working days, with so many features.
POWER_PEOPLE = 3
POWER_DAYS = 12
POWER_WEEKS = 4
POWER_FEATURES = 3
NAMED = 5


def missing_seats(people: int, free: int) -> int:
    """How many of those without a seat would find none; 0 while that is too few to tell. Pure."""
    missing = people - max(free, 0)
    return missing if missing >= GAP else 0


def headcount_gaps(span: Span, at: datetime) -> Iterator[Found]:
    """Members who could hold a seat and hold none, and people invited without one, beyond the free seats.

    Billing contacts and viewers need none. An invitation with a reserved seat has one.
    """
    found = rows(
        """
        WITH without AS (
            SELECT m.account_id, 0 AS invited
            FROM accounts_membership m
            LEFT JOIN seats_assignment s
                ON s.account_id = m.account_id AND s.membership_id = m.id AND s.ended_at IS NULL
            WHERE m.account_id BETWEEN %(first)s AND %(last)s AND m.left_at IS NULL AND s.id IS NULL
              AND m.role NOT IN ('billing', 'viewer')
            UNION ALL
            SELECT i.account_id, 1
            FROM accounts_invitation i
            LEFT JOIN seats_assignment s
                ON s.account_id = i.account_id AND s.invitation_id = i.id AND s.ended_at IS NULL
            WHERE i.account_id BETWEEN %(first)s AND %(last)s AND i.state = 'open' AND i.expires_at > %(at)s
              AND s.id IS NULL AND i.role NOT IN ('billing', 'viewer')
        )
        SELECT p.account_id, count(*), sum(w.invited), max(p.purchased - p.assigned)
        FROM without w JOIN seats_seatpool p ON p.account_id = w.account_id
        WHERE p.purchased > 0
        GROUP BY p.account_id
        HAVING count(*) - greatest(max(p.purchased - p.assigned), 0) >= %(gap)s
        """,
        span,
        at=at,
        gap=GAP,
    )
    for account, people, invited, free in found:
        if missing := missing_seats(people, free):
            evidence = {"people": people, "free": max(free, 0)} | ({"invited": invited} if invited else {})
            yield Found(account, Signal.Kind.HEADCOUNT_GAP, evidence=evidence, seats=missing)


def new_leaders(span: Span, at: datetime) -> Iterator[Found]:
    """Members with a leader's title who joined in the last 30 days; whoever opened the account is none."""
    found = rows(
        """
        SELECT m.account_id, m.public_id, COALESCE(NULLIF(u.name, ''), u.email), m.title, COALESCE(d.name, '')
        FROM accounts_membership m
        JOIN accounts_user u ON u.id = m.user_id
        LEFT JOIN accounts_department d ON d.id = m.department_id
        WHERE m.account_id BETWEEN %(first)s AND %(last)s AND m.left_at IS NULL
          AND m.joined_at > %(since)s AND m.joined_at <= %(at)s AND m.title ~* %(leads)s
          AND EXISTS (SELECT 1 FROM accounts_membership o
                      WHERE o.account_id = m.account_id AND o.joined_at <= m.joined_at - %(settled)s::interval)
        """,
        span,
        at=at,
        since=at - NEW_FOR,
        settled=f"{SETTLED.days} days",
        leads=LEADS,
    )
    for account, member, name, title, department in found:
        evidence = {"leader": name, "title": title, "department": department}
        yield Found(account, Signal.Kind.NEW_LEADER, subject=member, evidence=evidence)


def power_users(span: Span, at: datetime) -> Iterator[Found]:
    """Holders who are active on most working days and use several features; the busiest are named."""
    today = at.astimezone(UTC).date()
    found = rows(
        """
        WITH busy AS (
            SELECT d.account_id, d.membership_id, count(DISTINCT d.day) FILTER (WHERE extract(isodow FROM d.day) < 6)
                   AS days, count(DISTINCT d.feature) AS features, sum(d.count) AS actions
            FROM seats_dailyusage d
            JOIN seats_assignment s
                ON s.account_id = d.account_id AND s.membership_id = d.membership_id AND s.ended_at IS NULL
            WHERE d.account_id BETWEEN %(first)s AND %(last)s AND d.day > %(since)s AND d.day <= %(today)s
            GROUP BY d.account_id, d.membership_id
            HAVING count(DISTINCT d.day) FILTER (WHERE extract(isodow FROM d.day) < 6) >= %(days)s
               AND count(DISTINCT d.feature) >= %(features)s
        )
        SELECT b.account_id, count(*),
               (array_agg(m.public_id ORDER BY b.days DESC, b.actions DESC, m.id))[1:%(named)s]
        FROM busy b JOIN accounts_membership m ON m.id = b.membership_id
        GROUP BY b.account_id HAVING count(*) >= %(people)s
        """,
        span,
        since=today - timedelta(weeks=POWER_WEEKS),
        today=today,
        days=POWER_DAYS,
        features=POWER_FEATURES,
        people=POWER_PEOPLE,
        named=NAMED,
    )
    for account, people, named in found:
        yield Found(account, Signal.Kind.POWER_USERS, evidence={"people": people, "members": list(named)})
