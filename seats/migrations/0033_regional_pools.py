"""Parts of an account's seats that are kept for regions: their rows, and counters that the database keeps and guards."""

import django.db.models.deletion
from django.db import migrations, models

# As in 0025; and what is not set aside for regions has a counter and a ceiling of its own, by the same rule.
DERIVE = """
CREATE OR REPLACE FUNCTION seats_pool_derive() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    recount boolean := coalesce(current_setting('seats.recount', true), '') = 'on';
BEGIN
    IF TG_OP = 'UPDATE' AND {kept} AND pg_trigger_depth() < 2 AND NOT recount THEN
        RAISE EXCEPTION 'seats_seatpool.assigned is kept by a trigger' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.assigned <= OLD.assigned OR recount THEN
        NEW.entitled := GREATEST(NEW.purchased + NEW.comped + NEW.allowance, NEW.assigned);
    END IF;
    {common}
    IF NEW.assigned > NEW.purchased + NEW.comped THEN
        NEW.over_since := COALESCE(NEW.over_since, now());
    ELSE
        NEW.over_since := NULL;
    END IF;
    RETURN NEW;
END $$;
"""
COMMON = """
    IF TG_OP = 'INSERT' OR NEW.common_assigned <= OLD.common_assigned OR recount THEN
        NEW.common_entitled := GREATEST(
            NEW.purchased + NEW.comped + NEW.allowance - NEW.set_aside, NEW.common_assigned);
    END IF;
"""
DERIVE_BEFORE = DERIVE.format(kept="NEW.assigned IS DISTINCT FROM OLD.assigned", common="")
DERIVE_AFTER = DERIVE.format(
    kept="(NEW.assigned, NEW.common_assigned, NEW.set_aside) "
    "IS DISTINCT FROM (OLD.assigned, OLD.common_assigned, OLD.set_aside)",
    common=COMMON,
)

# Every seat so far is of the common part.
BACKFILL = """
SET LOCAL seats.recount = 'on';
UPDATE seats_seatpool SET common_assigned = assigned;
SET LOCAL seats.recount = 'off';
"""

REGIONS = """
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

DROP FUNCTION seats_count(bigint, bigint);
CREATE FUNCTION seats_count(account bigint, moved bigint, common bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Both counters in one statement, or a seat of a region would pass through the common part, which may be full.
    UPDATE seats_seatpool SET assigned = assigned + moved, common_assigned = common_assigned + common
        WHERE account_id = account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'account % has no seat pool', account USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
CREATE OR REPLACE FUNCTION seats_count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, count(*), count(*) FILTER (WHERE region_pool_id IS NULL))
        FROM new_rows WHERE ended_at IS NULL GROUP BY account_id ORDER BY account_id;
    UPDATE seats_regionpool p SET assigned = p.assigned + moved.n FROM (
        SELECT region_pool_id, count(*) AS n FROM new_rows
        WHERE ended_at IS NULL AND region_pool_id IS NOT NULL GROUP BY region_pool_id
    ) AS moved WHERE p.id = moved.region_pool_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION seats_count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, -count(*), -count(*) FILTER (WHERE region_pool_id IS NULL))
        FROM old_rows WHERE ended_at IS NULL GROUP BY account_id ORDER BY account_id;
    UPDATE seats_regionpool p SET assigned = p.assigned - moved.n FROM (
        SELECT region_pool_id, count(*) AS n FROM old_rows
        WHERE ended_at IS NULL AND region_pool_id IS NOT NULL GROUP BY region_pool_id
    ) AS moved WHERE p.id = moved.region_pool_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION seats_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""

NO_REGIONS = """
DROP TRIGGER seats_follow_invitation ON accounts_invitation;
DROP TRIGGER seats_follow_member ON accounts_membership;
DROP TRIGGER seats_place ON seats_assignment;
DROP TRIGGER seats_set_aside ON seats_regionpool;
DROP TRIGGER seats_region_derive ON seats_regionpool;
DROP FUNCTION seats_follow_invitation, seats_follow_member, seats_place, seats_set_aside, seats_region_derive,
    seats_count(bigint, bigint, bigint);
CREATE FUNCTION seats_count(account bigint, moved bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE seats_seatpool SET assigned = assigned + moved WHERE account_id = account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'account % has no seat pool', account USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
CREATE OR REPLACE FUNCTION seats_count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, count(*)) FROM new_rows WHERE ended_at IS NULL
        GROUP BY account_id ORDER BY account_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION seats_count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, -count(*)) FROM old_rows WHERE ended_at IS NULL
        GROUP BY account_id ORDER BY account_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION seats_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM seats_count(account_id, sum(n)::bigint) FROM (
        SELECT account_id, count(*) AS n FROM new_rows WHERE ended_at IS NULL GROUP BY account_id
        UNION ALL
        SELECT account_id, -count(*) FROM old_rows WHERE ended_at IS NULL GROUP BY account_id
    ) AS moved GROUP BY account_id HAVING sum(n) <> 0 ORDER BY account_id;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    """A table, four columns, and the triggers that keep what they say."""

    dependencies = [("accounts", "0015_region_details"), ("seats", "0032_budgets_and_joiners")]
    operations = [
        migrations.CreateModel(
            name="RegionPool",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("seats", models.PositiveIntegerField(verbose_name="seats set aside")),
                ("assigned", models.PositiveIntegerField(default=0, verbose_name="taken")),
                ("entitled", models.PositiveIntegerField(default=0, verbose_name="may be taken")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "region",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.region"
                    ),
                ),
            ],
            options={
                "verbose_name": "regional pool",
                "verbose_name_plural": "regional pools",
                "ordering": ["account", "region__name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(assigned__lte=models.F("entitled")), name="region_never_oversold"
                    ),
                    models.CheckConstraint(condition=models.Q(seats__gte=1), name="region_pool_has_seats"),
                ],
            },
        ),
        migrations.AddField(
            "assignment",
            "region_pool",
            models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="seats.regionpool",
                verbose_name="regional pool",
            ),
        ),
        migrations.AddIndex(
            "assignment",
            models.Index(
                condition=models.Q(region_pool__isnull=False), fields=["region_pool"], name="seat_by_region_pool"
            ),
        ),
        migrations.AddField(
            "seatpool",
            "set_aside",
            models.PositiveIntegerField(db_default=0, default=0, verbose_name="set aside for regions"),
        ),
        migrations.AddField(
            "seatpool",
            "common_assigned",
            models.PositiveIntegerField(db_default=0, default=0, verbose_name="taken outside regional pools"),
        ),
        migrations.AddField(
            "seatpool",
            "common_entitled",
            models.PositiveIntegerField(db_default=0, default=0, verbose_name="may be taken outside regional pools"),
        ),
        migrations.RunSQL(DERIVE_AFTER, DERIVE_BEFORE),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        migrations.RunSQL(REGIONS, NO_REGIONS),
        migrations.AddConstraint(
            "seatpool",
            models.CheckConstraint(
                condition=models.Q(common_assigned__lte=models.F("common_entitled")), name="rest_never_oversold"
            ),
        ),
    ]
