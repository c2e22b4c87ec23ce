"""The invariants that billing's own tables show. Those that need seats are in seats/invariants/queries.py."""

from billing.changes.rules import KEY_LIFE
from billing.invariants.rules import Invariant

OVER = "('abandoned', 'rejected', 'failed', 'superseded')"
UNDER_WAY = "('confirmed', 'calling', 'unknown')"

INVARIANTS = (
    Invariant(
        1,
        "one change is charged once",
        """
        SELECT max(public_id), 'shares invoice ' || invoice_stripe_id FROM billing_quantitychange
        WHERE invoice_stripe_id <> '' GROUP BY invoice_stripe_id HAVING count(*) > 1
        UNION ALL
        SELECT c.public_id, count(*) || ' paid invoices' FROM billing_quantitychange c
        JOIN billing_invoice i ON i.subscription_id = c.subscription_id AND i.status = 'paid'
            AND i.billing_reason = 'subscription_update' AND i.total = c.quoted_total
            AND i.issued_at BETWEEN c.first_call_at - interval '2 minutes'
                AND coalesce(c.settled_at, %(at)s) + interval '2 minutes'
            AND NOT EXISTS (
                SELECT FROM billing_quantitychange o WHERE o.invoice_stripe_id = i.stripe_id AND o.id <> c.id)
        GROUP BY c.public_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        2,
        "what was heard was read",
        """
        SELECT DISTINCT s.stripe_id, 'event ' || e.event_id || ' is done, but nothing was read since'
        FROM billing_stripeevent e JOIN billing_subscription s ON s.stripe_id = e.subscription_stripe_id
        WHERE e.state <> 'waiting' AND least(e.received_at, e.done_at) > s.synced_at
            AND coalesce(e.done_at, e.next_try_at) < %(at)s - interval '15 minutes'
        """,
    ),
    Invariant(
        3,
        "no change hangs",
        f"""
        SELECT public_id, 'is ' || state || ' since ' || coalesce(first_call_at, confirmed_at)
        FROM billing_quantitychange
        WHERE state IN {UNDER_WAY} AND coalesce(first_call_at, confirmed_at) < %(at)s - interval '26 hours'
            OR state = 'awaiting_payment' AND pending_expires_at < %(at)s - interval '10 minutes'
            OR state = 'awaiting_payment' AND pending_expires_at IS NULL
                AND coalesce(first_call_at, confirmed_at) < %(at)s - interval '26 hours'
        """,  # noqa: S608  constants of this file
    ),
    Invariant(
        4,
        "applied means paid",
        """
        SELECT c.public_id, 'applied, its invoice is ' || coalesce(i.status, 'missing') FROM billing_quantitychange c
        JOIN billing_subscription s ON s.id = c.subscription_id AND s.collection_method = 'charge_automatically'
        LEFT JOIN billing_invoice i ON i.stripe_id = c.invoice_stripe_id AND c.invoice_stripe_id <> ''
        WHERE c.state = 'applied' AND CASE WHEN c.invoice_stripe_id = '' THEN c.quoted_total <> 0
            ELSE i.status IS DISTINCT FROM 'paid' END
        """,
    ),
    Invariant(
        6,
        "charged is quoted, or the difference is recorded",
        """
        SELECT public_id, 'quoted ' || quoted_total || '/' || quoted_due
            || ', charged ' || coalesce(charged_total::text, '?') || '/' || coalesce(charged_due::text, '?')
        FROM billing_quantitychange c WHERE state = 'applied'
            AND NOT EXISTS (SELECT FROM billing_incident n WHERE n.change_id = c.id AND n.kind = 'charge_differs')
            AND (charged_total IS DISTINCT FROM quoted_total OR coalesce(charged_due, 0) > greatest(quoted_due, 0))
        """,
    ),
    Invariant(
        7,
        "what is over costs nothing",
        f"""
        SELECT c.public_id, c.state || ' with an invoice that is ' || i.status FROM billing_quantitychange c
        JOIN billing_invoice i ON i.stripe_id = c.invoice_stripe_id
        WHERE c.state IN {OVER} AND i.status IN ('open', 'paid')
        """,  # noqa: S608
    ),
    Invariant(
        8,
        "the row comes before the call",
        """
        SELECT public_id, 'called before it was accepted' FROM billing_quantitychange WHERE first_call_at < confirmed_at
        UNION ALL
        SELECT DISTINCT e.request_idempotency_key, 'Stripe heard a key that is not stored' FROM billing_stripeevent e
        WHERE split_part(e.request_idempotency_key, ':', 1) IN ('seatchg', 'trueup') AND NOT EXISTS (
            SELECT FROM billing_quantitychange c WHERE c.idempotency_key = e.request_idempotency_key)
        """,
    ),
    Invariant(
        9,
        "a key is young and means one thing",
        f"""
        SELECT public_id, 'its key was sent ' || (last_call_at - first_call_at) || ' after its first use'
        FROM billing_quantitychange
        WHERE last_call_at - first_call_at >= interval '{int(KEY_LIFE.total_seconds())} seconds'
        UNION ALL
        SELECT idempotency_key, 'one key, several parameters' FROM billing_quantitychange
        GROUP BY idempotency_key HAVING count(DISTINCT params_sha256) > 1
        """,  # noqa: S608
    ),
    Invariant(
        11,
        "one open change per subscription",
        f"""
        SELECT s.public_id, count(*) || ' open changes' FROM billing_quantitychange c
        JOIN billing_subscription s ON s.id = c.subscription_id
        WHERE c.state IN {UNDER_WAY} OR c.state IN ('awaiting_payment', 'conflict')
        GROUP BY s.public_id HAVING count(*) > 1
        """,  # noqa: S608
    ),
    Invariant(
        12,
        "sent only from the quoted state",
        """
        SELECT public_id, 'quoted from ' || base_quantity || ', sent while the last read showed ' || sent_from
        FROM billing_quantitychange WHERE sent_from <> base_quantity
        """,
    ),
    Invariant(
        15,
        "no transaction waits for the network",
        """
        SELECT 'process ' || pid, 'idle in a transaction since ' || state_change FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%%'
            AND clock_timestamp() - state_change > interval '10 seconds'
        """,
    ),
    Invariant(
        16,
        "every write carries a stored row's key",
        """
        SELECT DISTINCT e.request_idempotency_key, 'names no stored row' FROM billing_stripeevent e
        WHERE split_part(e.request_idempotency_key, ':', 1)
            IN ('pay', 'void', 'dec', 'credit', 'refund', 'end', 'idlecredit')
            AND NOT EXISTS (SELECT FROM billing_quantitychange c
                WHERE c.public_id = split_part(e.request_idempotency_key, ':', 2))
            AND NOT EXISTS (SELECT FROM billing_scheduleddecrease d
                WHERE d.public_id = split_part(e.request_idempotency_key, ':', 2))
            AND NOT EXISTS (SELECT FROM billing_creditnote n
                WHERE n.public_id = split_part(e.request_idempotency_key, ':', 2))
            AND NOT EXISTS (SELECT FROM billing_refund r
                WHERE r.public_id = split_part(e.request_idempotency_key, ':', 2))
            AND NOT EXISTS (SELECT FROM billing_ending g
                WHERE g.public_id = split_part(e.request_idempotency_key, ':', 2))
            AND NOT EXISTS (SELECT FROM billing_idlecredit k
                WHERE k.public_id = split_part(e.request_idempotency_key, ':', 2))
        """,
    ),
    Invariant(
        17,
        "one tenant",
        """
        SELECT c.public_id, 'of another account than its subscription' FROM billing_quantitychange c
        JOIN billing_subscription s ON s.id = c.subscription_id AND s.account_id <> c.account_id
        UNION ALL
        SELECT i.public_id, 'of another account than its subscription' FROM billing_invoice i
        JOIN billing_subscription s ON s.id = i.subscription_id AND s.account_id <> i.account_id
        UNION ALL
        SELECT c.public_id, 'of an invoice of another account' FROM billing_quantitychange c
        JOIN billing_invoice i ON i.stripe_id = c.invoice_stripe_id AND i.account_id <> c.account_id
        UNION ALL
        SELECT c.public_id, 'bought by somebody of another account' FROM billing_quantitychange c
        JOIN accounts_user u ON u.id = c.user_id AND NOT u.is_staff
        WHERE NOT EXISTS (SELECT FROM accounts_membership m
            WHERE m.user_id = c.user_id AND m.account_id = c.account_id)
        """,
    ),
    Invariant(
        18,
        "money is whole minor units",
        """
        SELECT table_name || '.' || column_name, data_type FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name ~ '^(billing|seats|accounts)_'
            AND (data_type IN ('real', 'double precision', 'money')
                OR data_type = 'numeric' AND column_name ~ '(amount|total|due|paid|balance|price|tax)')
        """,
    ),
)
