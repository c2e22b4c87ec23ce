"""The revision of an account's answers to "may this person in?", raised by the database itself."""

from django.db import migrations, models

FORWARD = """
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
"""

BACKWARD = """
DROP TRIGGER seats_revise_invitation_old ON accounts_invitation;
DROP TRIGGER seats_revise_invitation ON accounts_invitation;
DROP TRIGGER seats_revise_invitation_new ON accounts_invitation;
DROP TRIGGER seats_revise_user ON accounts_user;
DROP TRIGGER seats_revise_member_old ON accounts_membership;
DROP TRIGGER seats_revise_member ON accounts_membership;
DROP TRIGGER seats_revise_member_new ON accounts_membership;
DROP TRIGGER seats_revise_waiting_old ON seats_waitingperson;
DROP TRIGGER seats_revise_waiting ON seats_waitingperson;
DROP TRIGGER seats_revise_waiting_new ON seats_waitingperson;
DROP TRIGGER seats_revise_assignment ON seats_assignment;
DROP TRIGGER seats_pool_revise ON seats_seatpool;
DROP FUNCTION seats_revise_user, seats_revise_row, seats_revise_old, seats_revise_new, seats_revise(bigint[]),
    seats_pool_revise;
"""


class Migration(migrations.Migration):
    """A counter on the pool, and the triggers that raise it."""

    dependencies = [("seats", "0016_value"), ("accounts", "0006_key_rotation")]
    operations = [
        migrations.AddField("seatpool", "revision", models.BigIntegerField(default=0, editable=False)),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
