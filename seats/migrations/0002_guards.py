"""What the database itself keeps true about seats: the counter, its ceiling, and a ledger that only grows."""

from django.db import migrations

FORWARD = """
-- The pool derives its ceiling and the start of an overrun from what is written to it. `assigned` moves only through
-- the triggers below (depth 2), so a stale object that is saved by mistake fails loudly instead of overselling.
CREATE FUNCTION seats_pool_derive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.assigned IS DISTINCT FROM OLD.assigned AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'seats_seatpool.assigned is kept by a trigger' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.assigned <= OLD.assigned THEN
        NEW.entitled := GREATEST(NEW.purchased + NEW.allowance, NEW.assigned);
    END IF;
    IF NEW.assigned > NEW.purchased THEN
        NEW.over_since := COALESCE(NEW.over_since, now());
    ELSE
        NEW.over_since := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER seats_pool_derive BEFORE INSERT OR UPDATE ON seats_seatpool
    FOR EACH ROW EXECUTE FUNCTION seats_pool_derive();

-- One statement that moves n seats moves the counter once. A raised counter keeps its old ceiling and meets the check
-- pool_never_oversold; a lowered one lowers the ceiling with it.
CREATE FUNCTION seats_count(account bigint, moved bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE seats_seatpool SET assigned = assigned + moved WHERE account_id = account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'account % has no seat pool', account USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
CREATE FUNCTION seats_count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, count(*)) FROM new_rows WHERE ended_at IS NULL
        GROUP BY account_id ORDER BY account_id;
    RETURN NULL;
END $$;
CREATE FUNCTION seats_count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, -count(*)) FROM old_rows WHERE ended_at IS NULL
        GROUP BY account_id ORDER BY account_id;
    RETURN NULL;
END $$;
CREATE FUNCTION seats_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, sum(n)::bigint) FROM (
        SELECT account_id, count(*) AS n FROM new_rows WHERE ended_at IS NULL GROUP BY account_id
        UNION ALL
        SELECT account_id, -count(*) FROM old_rows WHERE ended_at IS NULL GROUP BY account_id
    ) AS moved GROUP BY account_id HAVING sum(n) <> 0 ORDER BY account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER seats_count_inserted AFTER INSERT ON seats_assignment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_count_inserted();
CREATE TRIGGER seats_count_deleted AFTER DELETE ON seats_assignment
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_count_deleted();
CREATE TRIGGER seats_count_updated AFTER UPDATE ON seats_assignment
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_count_updated();

CREATE FUNCTION seats_ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only added to' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER seats_ledger_only_grows BEFORE UPDATE OR DELETE ON seats_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION seats_ledger_only_grows();
"""

BACKWARD = """
DROP TRIGGER seats_ledger_only_grows ON seats_ledgerentry;
DROP TRIGGER seats_count_updated ON seats_assignment;
DROP TRIGGER seats_count_deleted ON seats_assignment;
DROP TRIGGER seats_count_inserted ON seats_assignment;
DROP TRIGGER seats_pool_derive ON seats_seatpool;
DROP FUNCTION seats_ledger_only_grows, seats_count_updated, seats_count_deleted, seats_count_inserted,
    seats_count(bigint, bigint), seats_pool_derive;
"""


class Migration(migrations.Migration):
    """Triggers; the constraints they lean on are in 0001."""

    dependencies = [("seats", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
