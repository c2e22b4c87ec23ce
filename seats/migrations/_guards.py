"""What the database itself keeps true about seats: counters, their ceilings, revisions, and a ledger that only grows.

As they stand after 0037; a later migration that changes one writes it in its own file.
"""

GUARDS = """

-- The pool derives its ceiling and the start of an overrun from what is written to it. `assigned` moves only through
-- the triggers below (depth 2), so a stale object that is saved by mistake fails loudly instead of overselling.
CREATE FUNCTION seats_pool_derive() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    recount boolean := coalesce(current_setting('seats.recount', true), '') = 'on';
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.assigned, NEW.common_assigned, NEW.set_aside) IS DISTINCT FROM (OLD.assigned, OLD.common_assigned, OLD.set_aside) AND pg_trigger_depth() < 2 AND NOT recount THEN
        RAISE EXCEPTION 'seats_seatpool.assigned is kept by a trigger' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.assigned <= OLD.assigned OR recount THEN
        NEW.entitled := GREATEST(NEW.purchased + NEW.comped + NEW.allowance, NEW.assigned);
    END IF;
    IF TG_OP = 'INSERT' OR NEW.common_assigned <= OLD.common_assigned OR recount THEN
        NEW.common_entitled := GREATEST(
            NEW.purchased + NEW.comped + NEW.allowance - NEW.set_aside, NEW.common_assigned);
    END IF;

    IF NEW.assigned > NEW.purchased + NEW.comped THEN
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
CREATE FUNCTION seats_count(account bigint, moved bigint, common bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Both counters in one statement, or a seat of a region would pass through the common part, which may be full.
    UPDATE seats_seatpool SET assigned = assigned + moved, common_assigned = common_assigned + common
        WHERE account_id = account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'account % has no seat pool', account USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
CREATE FUNCTION seats_count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, count(*), count(*) FILTER (WHERE region_pool_id IS NULL))
        FROM new_rows WHERE ended_at IS NULL GROUP BY account_id ORDER BY account_id;
    UPDATE seats_regionpool p SET assigned = p.assigned + moved.n FROM (
        SELECT region_pool_id, count(*) AS n FROM new_rows
        WHERE ended_at IS NULL AND region_pool_id IS NOT NULL GROUP BY region_pool_id
    ) AS moved WHERE p.id = moved.region_pool_id;
    RETURN NULL;
END $$;
CREATE FUNCTION seats_count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, -count(*), -count(*) FILTER (WHERE region_pool_id IS NULL))
        FROM old_rows WHERE ended_at IS NULL GROUP BY account_id ORDER BY account_id;
    UPDATE seats_regionpool p SET assigned = p.assigned - moved.n FROM (
        SELECT region_pool_id, count(*) AS n FROM old_rows
        WHERE ended_at IS NULL AND region_pool_id IS NOT NULL GROUP BY region_pool_id
    ) AS moved WHERE p.id = moved.region_pool_id;
    RETURN NULL;
END $$;
CREATE FUNCTION seats_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, sum(n)::bigint, sum(common)::bigint) FROM (
        SELECT account_id, count(*) AS n, count(*) FILTER (WHERE region_pool_id IS NULL) AS common
            FROM new_rows WHERE ended_at IS NULL GROUP BY account_id
        UNION ALL
        SELECT account_id, -count(*), -count(*) FILTER (WHERE region_pool_id IS NULL)
            FROM old_rows WHERE ended_at IS NULL GROUP BY account_id
    ) AS moved GROUP BY account_id HAVING sum(n) <> 0 OR sum(common) <> 0 ORDER BY account_id;
    UPDATE seats_regionpool p SET assigned = p.assigned + moved.n FROM (
        SELECT region_pool_id, sum(n)::bigint AS n FROM (
            SELECT region_pool_id, count(*) AS n FROM new_rows
                WHERE ended_at IS NULL AND region_pool_id IS NOT NULL GROUP BY region_pool_id
            UNION ALL
            SELECT region_pool_id, -count(*) FROM old_rows
                WHERE ended_at IS NULL AND region_pool_id IS NOT NULL GROUP BY region_pool_id
        ) AS each GROUP BY region_pool_id HAVING sum(n) <> 0
    ) AS moved WHERE p.id = moved.region_pool_id;
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

-- Every write to the pool is another revision, whatever the writer says: a stale object cannot bring an old one back.
CREATE FUNCTION seats_pool_revise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER seats_pool_revise BEFORE UPDATE ON seats_seatpool
    FOR EACH ROW EXECUTE FUNCTION seats_pool_revise();

-- Whatever else may change an answer writes to the pool. That takes the pool's lock, after the member's or the
-- invitation's own: the order that claims and releases keep too.
CREATE FUNCTION seats_revise(accounts bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one bigint;
BEGIN
    FOR one IN SELECT DISTINCT a FROM unnest(accounts) AS a ORDER BY a LOOP
        UPDATE seats_seatpool SET revision = revision WHERE account_id = one;
    END LOOP;
END $$;
CREATE FUNCTION seats_revise_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_revise(array_agg(DISTINCT account_id)) FROM new_rows;
    RETURN NULL;
END $$;
CREATE FUNCTION seats_revise_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_revise(array_agg(DISTINCT account_id)) FROM old_rows;
    RETURN NULL;
END $$;
CREATE FUNCTION seats_revise_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_revise(ARRAY[OLD.account_id, NEW.account_id]);
    RETURN NULL;
END $$;
CREATE FUNCTION seats_revise_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_revise(array_agg(account_id)) FROM accounts_membership
        WHERE user_id = NEW.id AND left_at IS NULL;
    RETURN NULL;
END $$;

-- Seats that come and go move the pool's counter already; a seat that changes its holder does not.
CREATE TRIGGER seats_revise_assignment AFTER UPDATE ON seats_assignment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_new();

CREATE TRIGGER seats_revise_waiting_new AFTER INSERT ON seats_waitingperson
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_new();
CREATE TRIGGER seats_revise_waiting AFTER UPDATE ON seats_waitingperson
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_new();
CREATE TRIGGER seats_revise_waiting_old AFTER DELETE ON seats_waitingperson
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_old();

CREATE TRIGGER seats_revise_member_new AFTER INSERT ON accounts_membership
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_new();
-- Usage writes when members were last active, all the time; that changes no answer.
CREATE TRIGGER seats_revise_member AFTER UPDATE ON accounts_membership FOR EACH ROW
    WHEN ((OLD.account_id, OLD.user_id, OLD.public_id, OLD.external_id, OLD.left_at)
        IS DISTINCT FROM (NEW.account_id, NEW.user_id, NEW.public_id, NEW.external_id, NEW.left_at))
    EXECUTE FUNCTION seats_revise_row();
CREATE TRIGGER seats_revise_member_old AFTER DELETE ON accounts_membership
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_old();

CREATE TRIGGER seats_revise_user AFTER UPDATE ON accounts_user FOR EACH ROW
    WHEN ((OLD.email, OLD.is_active) IS DISTINCT FROM (NEW.email, NEW.is_active))
    EXECUTE FUNCTION seats_revise_user();

CREATE TRIGGER seats_revise_invitation_new AFTER INSERT ON accounts_invitation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_new();
CREATE TRIGGER seats_revise_invitation AFTER UPDATE ON accounts_invitation FOR EACH ROW
    WHEN ((OLD.account_id, OLD.email, OLD.state, OLD.expires_at)
        IS DISTINCT FROM (NEW.account_id, NEW.email, NEW.state, NEW.expires_at))
    EXECUTE FUNCTION seats_revise_row();
CREATE TRIGGER seats_revise_invitation_old AFTER DELETE ON accounts_invitation
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_old();
CREATE TRIGGER seats_revise_pause_new AFTER INSERT ON seats_pause
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_new();
CREATE TRIGGER seats_revise_pause AFTER UPDATE ON seats_pause
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_new();
CREATE TRIGGER seats_revise_pause_old AFTER DELETE ON seats_pause
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_old();

CREATE FUNCTION seats_region_derive() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    recount boolean := coalesce(current_setting('seats.recount', true), '') = 'on';
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.assigned IS DISTINCT FROM OLD.assigned AND pg_trigger_depth() < 2 AND NOT recount THEN
        RAISE EXCEPTION 'seats_regionpool.assigned is kept by a trigger'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.assigned <= OLD.assigned OR recount THEN
        NEW.entitled := GREATEST(NEW.seats, NEW.assigned);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER seats_region_derive BEFORE INSERT OR UPDATE ON seats_regionpool
    FOR EACH ROW EXECUTE FUNCTION seats_region_derive();

CREATE FUNCTION seats_set_aside() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE seats_seatpool SET set_aside = set_aside - OLD.seats WHERE account_id = OLD.account_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE seats_seatpool SET set_aside = set_aside + NEW.seats WHERE account_id = NEW.account_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER seats_set_aside AFTER INSERT OR DELETE OR UPDATE OF seats, account_id ON seats_regionpool
    FOR EACH ROW EXECUTE FUNCTION seats_set_aside();

-- Which pool an open seat draws from is where its holder belongs now, whoever writes the seat.
CREATE FUNCTION seats_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ended_at IS NULL THEN
        SELECT p.id INTO NEW.region_pool_id FROM seats_regionpool p WHERE p.region_id = CASE
            WHEN NEW.membership_id IS NOT NULL
            THEN (SELECT region_id FROM accounts_membership WHERE id = NEW.membership_id)
            ELSE (SELECT region_id FROM accounts_invitation WHERE id = NEW.invitation_id) END;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER seats_place BEFORE INSERT OR UPDATE OF membership_id, invitation_id, ended_at ON seats_assignment
    FOR EACH ROW EXECUTE FUNCTION seats_place();

-- And it follows the holder: the account's pool is locked before its seats, as everywhere. Written to, since an answer
-- to somebody who waits may change too.
CREATE FUNCTION seats_follow_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_revise(ARRAY[NEW.account_id]);
    UPDATE seats_assignment SET membership_id = membership_id
        WHERE account_id = NEW.account_id AND membership_id = NEW.id AND ended_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER seats_follow_member AFTER UPDATE OF region_id ON accounts_membership FOR EACH ROW
    WHEN (OLD.region_id IS DISTINCT FROM NEW.region_id) EXECUTE FUNCTION seats_follow_member();
CREATE FUNCTION seats_follow_invitation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_revise(ARRAY[NEW.account_id]);
    UPDATE seats_assignment SET invitation_id = invitation_id
        WHERE account_id = NEW.account_id AND invitation_id = NEW.id AND ended_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER seats_follow_invitation AFTER UPDATE OF region_id ON accounts_invitation FOR EACH ROW
    WHEN (OLD.region_id IS DISTINCT FROM NEW.region_id) EXECUTE FUNCTION seats_follow_invitation();
"""
