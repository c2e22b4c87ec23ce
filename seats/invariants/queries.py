"""The invariants between what was bought and who sits: seats' tables against billing's."""

from billing.invariants.rules import Invariant
from billing.mirror.queries import COUNTING

_COUNTING = ", ".join(f"'{status}'" for status in COUNTING)

INVARIANTS = (
    Invariant(
        4,
        "no seat before the money",
        """
        SELECT l.change_id, 'granted while its change is ' || coalesce(c.state, 'missing') FROM seats_ledgerentry l
        LEFT JOIN billing_quantitychange c ON c.public_id = l.change_id
        WHERE l.change_id <> '' AND c.state IS DISTINCT FROM 'applied'
        """,
    ),
    Invariant(
        5,
        "one grant per applied change",
        """
        SELECT c.public_id, count(l.id) || ' grants' FROM billing_quantitychange c
        LEFT JOIN seats_ledgerentry l ON l.change_id = c.public_id AND l.account_id = c.account_id
            AND l.purchased_after - l.purchased_before = c.target_quantity - c.base_quantity
        WHERE c.state = 'applied' AND c.target_quantity <> c.base_quantity
        GROUP BY c.public_id HAVING count(l.id) <> 1
        """,
    ),
    Invariant(
        10,
        "history is one chain",
        """
        SELECT public_id, 'starts at ' || purchased_before || ', the one before ended at ' || earlier FROM (
            SELECT public_id, purchased_before, coalesce(
                lag(purchased_after) OVER (PARTITION BY account_id ORDER BY id), 0) AS earlier
            FROM seats_ledgerentry WHERE purchased_before <> purchased_after) AS chain
        WHERE purchased_before <> earlier
        """,
    ),
    Invariant(
        13,
        "no seat too many, none counted wrong",
        """
        SELECT a.public_id, p.assigned || ' counted, ' || count(t.id) || ' held, ' || p.entitled || ' allowed'
        FROM seats_seatpool p JOIN accounts_account a ON a.id = p.account_id
        LEFT JOIN seats_assignment t ON t.account_id = p.account_id AND t.ended_at IS NULL
        GROUP BY a.public_id, p.id HAVING p.assigned <> count(t.id) OR p.assigned > p.entitled
            OR p.assigned > p.purchased + p.comped + p.allowance AND p.over_since IS NULL
        UNION ALL
        SELECT m.public_id, count(*) || ' seats' FROM seats_assignment t
        JOIN accounts_membership m ON m.id = t.membership_id
        WHERE t.ended_at IS NULL GROUP BY m.public_id HAVING count(*) > 1
        UNION ALL
        SELECT a.public_id, p.common_assigned || ' counted outside regional pools, ' || count(t.id) || ' held, '
            || p.common_entitled || ' allowed, ' || p.set_aside || ' set aside'
        FROM seats_seatpool p JOIN accounts_account a ON a.id = p.account_id
        LEFT JOIN seats_assignment t ON t.account_id = p.account_id AND t.ended_at IS NULL AND t.region_pool_id IS NULL
        GROUP BY a.public_id, p.id HAVING p.common_assigned <> count(t.id) OR p.common_assigned > p.common_entitled
            OR p.set_aside <> (SELECT coalesce(sum(seats), 0) FROM seats_regionpool WHERE account_id = p.account_id)
        UNION ALL
        SELECT r.public_id, p.assigned || ' counted, ' || count(t.id) || ' held, ' || p.entitled || ' allowed'
        FROM seats_regionpool p JOIN accounts_region r ON r.id = p.region_id
        LEFT JOIN seats_assignment t ON t.region_pool_id = p.id AND t.ended_at IS NULL
        GROUP BY r.public_id, r.account_id, p.id HAVING p.assigned <> count(t.id) OR p.assigned > p.entitled
            OR p.account_id <> r.account_id
        UNION ALL
        SELECT t.public_id, 'drawn from another pool than its holder''s region' FROM seats_assignment t
        LEFT JOIN accounts_membership m ON m.id = t.membership_id
        LEFT JOIN accounts_invitation i ON i.id = t.invitation_id AND t.membership_id IS NULL
        LEFT JOIN seats_regionpool p ON p.region_id = coalesce(m.region_id, i.region_id)
        WHERE t.ended_at IS NULL AND t.region_pool_id IS DISTINCT FROM p.id
        """,
    ),
    Invariant(
        14,
        "the ledger's sum, the pool and the mirror are one number",
        f"""
        SELECT * FROM (
            SELECT a.public_id, 'ledger ' || coalesce(ledger.n, 0) || ', pool ' || p.purchased
                || ', mirror ' || coalesce(mirror.n, 0) AS numbers
            FROM seats_seatpool p JOIN accounts_account a ON a.id = p.account_id
            LEFT JOIN (SELECT account_id, sum(purchased_after - purchased_before) AS n
                FROM seats_ledgerentry GROUP BY account_id) AS ledger ON ledger.account_id = p.account_id
            LEFT JOIN (SELECT s.account_id, sum(i.quantity) AS n FROM billing_subscription s
                JOIN LATERAL (SELECT quantity FROM billing_subscriptionitem
                    WHERE subscription_id = s.id ORDER BY id LIMIT 1) AS i ON true
                WHERE s.status IN ({_COUNTING}) GROUP BY s.account_id) AS mirror ON mirror.account_id = p.account_id
            WHERE coalesce(ledger.n, 0) <> p.purchased OR p.purchased <> coalesce(mirror.n, 0)) AS wrong
        UNION ALL
        SELECT a.public_id, 'ledger ' || coalesce(ledger.n, 0) || ', pool ' || p.comped || ' free of charge'
        FROM seats_seatpool p JOIN accounts_account a ON a.id = p.account_id
        LEFT JOIN (SELECT account_id, sum(comped_after - comped_before) AS n
            FROM seats_ledgerentry GROUP BY account_id) AS ledger ON ledger.account_id = p.account_id
        WHERE coalesce(ledger.n, 0) <> p.comped
        """,  # noqa: S608  constants of billing.mirror
    ),
    Invariant(
        17,
        "a seat's holder is of its account",
        """
        SELECT t.public_id, 'held by a member of another account' FROM seats_assignment t
        JOIN accounts_membership m ON m.id = t.membership_id AND m.account_id <> t.account_id
        """,
    ),
)
