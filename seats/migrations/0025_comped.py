"""Seats free of charge until a day: a dated number on the pool, and what it was at every line of the ledger."""

from django.db import migrations, models

# As in 0005, with the seats free of charge in the ceiling and in what counts as an overrun.
GUARD = """
CREATE OR REPLACE FUNCTION seats_pool_derive() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    recount boolean := coalesce(current_setting('seats.recount', true), '') = 'on';
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.assigned IS DISTINCT FROM OLD.assigned AND pg_trigger_depth() < 2 AND NOT recount THEN
        RAISE EXCEPTION 'seats_seatpool.assigned is kept by a trigger' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.assigned <= OLD.assigned OR recount THEN
        NEW.entitled := GREATEST(NEW.purchased + {comped} NEW.allowance, NEW.assigned);
    END IF;
    IF NEW.assigned > NEW.purchased {over} THEN
        NEW.over_since := COALESCE(NEW.over_since, now());
    ELSE
        NEW.over_since := NULL;
    END IF;
    RETURN NEW;
END $$;
"""
FORWARD = GUARD.format(comped="NEW.comped +", over="+ NEW.comped")
BACKWARD = GUARD.format(comped="", over="")


class Migration(migrations.Migration):
    """Four columns and the guard that reads one of them."""

    dependencies = [("seats", "0024_new_leader")]
    operations = [
        migrations.AddField(
            "ledgerentry",
            "comped_before",
            models.PositiveIntegerField(db_default=0, default=0, verbose_name="free of charge before"),
        ),
        migrations.AddField(
            "ledgerentry",
            "comped_after",
            models.PositiveIntegerField(db_default=0, default=0, verbose_name="free of charge after"),
        ),
        migrations.AlterField(
            "ledgerentry",
            "kind",
            models.CharField(
                choices=[
                    ("started", "Subscription started"),
                    ("bought", "Seats bought"),
                    ("undone", "Purchase undone"),
                    ("plan", "Plan changed"),
                    ("reduced", "Seats reduced at renewal"),
                    ("external", "Changed in Stripe"),
                    ("ended", "Subscription ended"),
                    ("assigned", "Seat assigned"),
                    ("reserved", "Seat reserved"),
                    ("reassigned", "Seat reassigned"),
                    ("released", "Seat released"),
                    ("comped", "Seats free of charge"),
                ],
                max_length=12,
                verbose_name="what",
            ),
        ),
        migrations.AddField(
            "seatpool",
            "comped",
            models.PositiveIntegerField(db_default=0, default=0, verbose_name="free of charge"),
        ),
        migrations.AddField(
            "seatpool",
            "comped_until",
            models.DateField(blank=True, null=True, verbose_name="free of charge until"),
        ),
        migrations.AddConstraint(
            "seatpool",
            models.CheckConstraint(
                condition=models.Q(comped=0, comped_until__isnull=True)
                | models.Q(comped__gt=0, comped_until__isnull=False),
                name="pool_comped_has_an_end",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
