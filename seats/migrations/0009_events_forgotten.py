"""Days whose events are not complete: those pruned, and those counted before single events were kept."""

from django.db import migrations, models

COUNTED = """
INSERT INTO seats_usagesettings (account_id, keep_days, groups_only, forgotten_to)
SELECT account_id, 400, false, max(day) FROM seats_dailyusage GROUP BY account_id
ON CONFLICT (account_id) DO UPDATE SET forgotten_to = EXCLUDED.forgotten_to
"""


class Migration(migrations.Migration):
    """One column."""

    dependencies = [
        ("seats", "0008_usage_events"),
    ]

    operations = [
        migrations.AddField(
            model_name="usagesettings",
            name="forgotten_to",
            field=models.DateField(
                editable=False,
                help_text="The last day whose events are not complete.",
                null=True,
                verbose_name="events forgotten up to",
            ),
        ),
        migrations.RunSQL(COUNTED, migrations.RunSQL.noop),
    ]
