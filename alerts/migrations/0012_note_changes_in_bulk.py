"""Notes changes of many entries at once in a time that grows with their number."""

from django.db import migrations

# `OFFSET 0`: each row becomes JSON once, and not wherever the JSON is named.
# Without nested loops: a plan is kept for the connection, and one that was made when a single entry
# was changed would compare each of a hundred thousand with each.
NOTE = """
CREATE OR REPLACE FUNCTION alerts_note_{operation}() RETURNS trigger LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
    -- What nobody decides about.
    hidden text[] := '{{variants,folded,is_pattern,created_at,updated_at,reminded_at}}';
BEGIN
    INSERT INTO alerts_listchange (at, organization_id, watchlist_id, subject, subject_id,
        operation, before, after, actor_id, actor_label, reason)
    SELECT clock_timestamp(),
        coalesce((row ->> 'organization_id')::bigint, list.organization_id), named.list_id,
        TG_ARGV[0], row ->> 'id', TG_OP,
        {before},
        {after},
        nullif(current_setting('lpr.actor_id', true), '')::bigint,
        coalesce(nullif(current_setting('lpr.actor_label', true), ''),
            'database: ' || session_user),
        coalesce(current_setting('lpr.reason', true), '')
    FROM (SELECT {was} AS was, {becomes} AS becomes FROM {rows} OFFSET 0) AS pair
    CROSS JOIN LATERAL (SELECT coalesce(pair.becomes, pair.was) AS row) AS either
    CROSS JOIN LATERAL (
        SELECT (row ->> CASE TG_ARGV[0] WHEN 'list' THEN 'id' ELSE 'watchlist_id' END)::uuid
            AS list_id
    ) AS named
    LEFT JOIN alerts_watchlist AS list ON list.id = named.list_id
    WHERE pair.was IS DISTINCT FROM pair.becomes;
    RETURN NULL;
END $$;
"""
OLD, NEW = "to_jsonb(old_rows) - hidden", "to_jsonb(new_rows) - hidden"
WHOLE = {
    "before": "jsonb_strip_nulls(pair.was)",
    "after": "jsonb_strip_nulls(pair.becomes)",
}
DIFFERENCES = {
    "before": "(SELECT jsonb_object_agg(key, value) FROM jsonb_each(pair.was)"
    " WHERE value IS DISTINCT FROM pair.becomes -> key)",
    "after": "(SELECT jsonb_object_agg(key, value) FROM jsonb_each(pair.becomes)"
    " WHERE value IS DISTINCT FROM pair.was -> key)",
}
FUNCTIONS = (
    NOTE.format(operation="insert", was="NULL::jsonb", becomes=NEW, rows="new_rows", **WHOLE)
    + NOTE.format(
        operation="update",
        was=OLD,
        becomes=NEW,
        rows="old_rows JOIN new_rows USING (id)",
        **DIFFERENCES,
    )
    + NOTE.format(operation="delete", was=OLD, becomes="NULL::jsonb", rows="old_rows", **WHOLE)
)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0011_carry_for_each_browser")]

    # They write what they wrote before; going back needs nothing.
    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
