"""The audit trail is only ever added to: PostgreSQL itself refuses to change or delete an entry."""

from typing import ClassVar

from django.db import migrations

REFUSE = """
CREATE FUNCTION accounts_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is only ever added to.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER accounts_audit_only_added_to BEFORE UPDATE OR DELETE ON accounts_auditentry
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_refuse();
"""
ALLOW = """
DROP TRIGGER accounts_audit_only_added_to ON accounts_auditentry;
DROP FUNCTION accounts_audit_refuse();
"""


class Migration(migrations.Migration):
    """TRUNCATE fires no row trigger, so tests can empty the table."""

    dependencies: ClassVar = [("accounts", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(REFUSE, ALLOW)]
