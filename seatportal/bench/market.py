"""Many accounts at once, the same ones each time: rows as the portal's own verbs would have left them.

Written by a few statements past the triggers, so that 100,000 accounts take minutes and not hours. Account number n
has 10 to 19 members and as many seats; which of them are taken and active follows from n alone: three quarters, but of
sixteen accounts one is above 80 %, and one has too little use.
"""

from dataclasses import dataclass

from django.db import connection, transaction

# The members of all accounts share these sign-ins: only that one is never twice in an account counts here.
PEOPLE = 20
_TABLES = (
    "seats_alertdelivery, seats_alert, seats_signal, seats_expansiontask, seats_sweepshard, seats_sweep, "
    "seats_accountmark, seats_markedmonth, seats_ledgerentry, seats_assignment, seats_seatpool, "
    "accounts_membership, accounts_account"
)
_MAKE = """
    INSERT INTO accounts_user (public_id, email, name, password, locale, time_zone, theme, is_active, is_staff,
                               is_superuser, date_joined)
    SELECT 'usr_bench' || n, 'bench' || n || '@bench.example', 'Bench ' || n, '!', 'en', '', 'auto', true, n = 0, false,
           now() FROM generate_series(0, %(people)s) n
    ON CONFLICT DO NOTHING;
    INSERT INTO accounts_account (id, public_id, slug, name, locale, time_zone, industry, use_case, owner_name,
                                  created_at)
    SELECT n, 'acc_bench' || n, 'bench-' || n, 'Bench ' || n, 'en', 'UTC',
           (ARRAY['Design', 'Health', 'Energy', 'Logistics', 'Research'])[1 + n %% 5],
           (ARRAY['planning', 'support', ''])[1 + n %% 3], '', now() - (n %% 700) * interval '1 day'
    FROM generate_series(1, %(accounts)s) n;
    INSERT INTO accounts_membership (public_id, account_id, user_id, role, title, employment, external_id, joined_at,
                                     created_at, last_active_at)
    SELECT 'mem_b' || n || '_' || k, n, u.first + k, 'member', '', 'employee', '', now() - interval '300 days', now(),
           CASE WHEN k < (10 + n %% 10) * 3 / 4 AND (n %% 16 <> 2 OR k < 4) OR n %% 16 = 1
                THEN now() - ((n + k) %% 25) * interval '1 day' ELSE now() - interval '60 days' END
    FROM generate_series(1, %(accounts)s) n
    CROSS JOIN (SELECT min(id) AS first FROM accounts_user WHERE email LIKE 'bench%%@bench.example') u
    CROSS JOIN LATERAL generate_series(1, 10 + n %% 10) k;
    INSERT INTO seats_assignment (public_id, account_id, membership_id, state, door, reason, started_at, end_reason)
    SELECT 'seat_b' || m.id, m.account_id, m.id, 'held', 'task', '', now() - interval '200 days', ''
    FROM accounts_membership m
    WHERE m.public_id LIKE 'mem\\_b%%'
      AND substr(m.public_id, length('mem_b' || m.account_id || '_') + 1)::int
          <= (10 + m.account_id %% 10) * 3 / 4 + CASE WHEN m.account_id %% 16 = 1 THEN 2 ELSE 0 END;
    INSERT INTO seats_seatpool (account_id, purchased, assigned, entitled, mode, allowance, grace_days, frozen,
                                revision, created_at)
    SELECT n, 10 + n %% 10, COALESCE(s.taken, 0), greatest(10 + n %% 10, COALESCE(s.taken, 0)), 'hard', 0, 14, '',
           0, now()
    FROM generate_series(1, %(accounts)s) n
    LEFT JOIN (SELECT account_id, count(*) AS taken FROM seats_assignment WHERE ended_at IS NULL GROUP BY account_id) s
        ON s.account_id = n;
    INSERT INTO seats_ledgerentry (public_id, account_id, at, kind, purchased_before, purchased_after, assigned_before,
                                   assigned_after, reason, change_id, invoice_stripe_id, to_email)
    SELECT 'led_b' || n || '_' || k, n, now() - (n %% 700) * interval '1 day' + k * (1 + n %% 90) * interval '1 day',
           CASE k WHEN 0 THEN 'started' ELSE 'bought' END, CASE k WHEN 0 THEN 0 ELSE 3 + 2 * k END,
           CASE k WHEN (n %% 4) THEN 10 + n %% 10 ELSE 5 + 2 * k END, 0, 0, '', '', '', ''
    FROM generate_series(1, %(accounts)s) n CROSS JOIN LATERAL generate_series(0, n %% 4) k;
"""


@dataclass(frozen=True)
class Market:
    """accounts: how many. members: rows of members."""

    accounts: int
    members: int


def build_market(accounts: int) -> Market:
    """Make it anew; what was there is gone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"TRUNCATE {_TABLES} CASCADE")
        for statement in _MAKE.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"accounts": accounts, "people": PEOPLE})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT count(*) FROM accounts_membership")
        return Market(accounts, int(cursor.fetchone()[0]))
