from django.db import migrations

FORBID_TRUNCATE = """
CREATE TRIGGER accounts_auditevent_not_truncated BEFORE TRUNCATE ON accounts_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_auditevent_is_append_only();
"""
ALLOW_TRUNCATE = "DROP TRIGGER accounts_auditevent_not_truncated ON accounts_auditevent;"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(FORBID_TRUNCATE, ALLOW_TRUNCATE)]
