"""The counter may be counted anew, by the one transaction that says so; see seats/capacity/books.py."""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION seats_pool_derive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.assigned IS DISTINCT FROM OLD.assigned AND pg_trigger_depth() < 2 {unless} THEN
        RAISE EXCEPTION 'seats_seatpool.assigned is kept by a trigger' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.assigned <= OLD.assigned {orelse} THEN
        NEW.entitled := GREATEST(NEW.purchased + NEW.allowance, NEW.assigned);
    END IF;
    IF NEW.assigned > NEW.purchased THEN
        NEW.over_since := COALESCE(NEW.over_since, now());
    ELSE
        NEW.over_since := NULL;
    END IF;
    RETURN NEW;
END $$;
"""
RECOUNT = "coalesce(current_setting('seats.recount', true), '') = 'on'"
FORWARD = GUARD.format(unless=f"AND NOT ({RECOUNT})", orelse=f"OR {RECOUNT}")
BACKWARD = GUARD.format(unless="", orelse="")


class Migration(migrations.Migration):
    """The guard's function, with one exception."""

    dependencies = [("seats", "0004_undone")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
