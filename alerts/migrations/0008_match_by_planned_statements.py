"""Matching as functions: the database plans each statement once for a connection, not each time."""

from django.db import migrations

# Planned without knowing the size of a batch or of the lists, which grow while a plan is kept: by
# the indexes always. A look through all entries would be right for a small list, and 100 ms later.
PLANNED_ONCE = """
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET join_collapse_limit = 1 SET jit = off
"""

CANDIDATES = f"""
CREATE FUNCTION alerts_candidates(organizations json, folds json, ended uuid)
RETURNS TABLE (at integer, entry_id uuid) LANGUAGE plpgsql {PLANNED_ONCE} AS $$
#variable_conflict use_column
DECLARE
    found_by_index bigint;
    found_by_pattern bigint;
    found_by_edits bigint;
BEGIN
    RETURN QUERY
    SELECT seen.at::integer, entry.id
    FROM ROWS FROM (json_array_elements_text(organizations), json_array_elements_text(folds))
        WITH ORDINALITY AS seen (organization_id, folded, at)
    JOIN alerts_entry AS entry
        ON entry.organization_id = seen.organization_id::bigint
        AND entry.folded = seen.folded AND NOT entry.is_pattern;
    GET DIAGNOSTICS found_by_index = ROW_COUNT;

    RETURN QUERY
    SELECT seen.at::integer, entry.id
    FROM ROWS FROM (json_array_elements_text(organizations), json_array_elements_text(folds))
        WITH ORDINALITY AS seen (organization_id, folded, at)
    JOIN alerts_entry AS entry
        ON entry.organization_id = seen.organization_id::bigint AND entry.is_pattern
        AND seen.folded LIKE translate(entry.folded, '?*', '_%');
    GET DIAGNOSTICS found_by_pattern = ROW_COUNT;

    -- Only by the index of variants: that of organizations would look at all that one has.
    RETURN QUERY
    WITH allowed AS MATERIALIZED (
        SELECT organization_id, max(edits_most)::int AS edits_most FROM alerts_watchlist
        WHERE match = 'edits' AND is_active AND NOT is_archived GROUP BY organization_id
    )
    SELECT seen.at::integer, entry.id
    FROM ROWS FROM (json_array_elements_text(organizations), json_array_elements_text(folds))
        WITH ORDINALITY AS seen (organization_id, folded, at)
    JOIN allowed ON allowed.organization_id = seen.organization_id::bigint
    JOIN alerts_entry AS entry
        ON entry.variants && alerts_variants(seen.folded, allowed.edits_most)
        AND NOT entry.variants = '{{}}'
        AND entry.organization_id + 0 = seen.organization_id::bigint
        AND entry.folded <> seen.folded;
    GET DIAGNOSTICS found_by_edits = ROW_COUNT;

    IF found_by_index + found_by_pattern + found_by_edits = 0 AND ended IS NOT NULL THEN
        -- Losing this in a crash of the database only matches once more: it need not be waited for.
        PERFORM set_config('synchronous_commit', 'off', true);
        DELETE FROM alerts_pendingmatch WHERE id = ended;
    END IF;
END $$;
"""  # noqa: S608  # settings that stand above

MATCHED = """
    SELECT seen.at, entry.id, list.id, entry.number::text, entry.is_pattern,
        CASE WHEN entry.is_pattern THEN 0 ELSE levenshtein(entry.folded, seen.folded) END,
        entry.country::text, entry.province::text, entry.vehicle::text, entry.reason::text,
        entry.case_number::text, entry.source::text, entry.confidence::text
    FROM json_to_recordset(candidates) AS seen (at integer, entry_id uuid, number text,
        folded text, country text, province text, captured_at timestamptz, camera_id uuid,
        direction text)
    JOIN alerts_entry AS entry ON entry.id = seen.entry_id
    JOIN alerts_watchlist AS list ON list.id = entry.watchlist_id
    JOIN accounts_organization AS organization ON organization.id = list.organization_id
    WHERE list.is_active AND NOT list.is_archived
        AND entry.effective_from <= seen.captured_at
        AND (entry.expires_at IS NULL OR seen.captured_at < entry.expires_at)
        AND CASE
            WHEN entry.is_pattern AND list.match = 'exact'
                THEN seen.number LIKE translate(entry.number, '?*', '_%')
            WHEN entry.is_pattern THEN seen.folded LIKE translate(entry.folded, '?*', '_%')
            WHEN list.match = 'exact' THEN entry.number = seen.number
            WHEN list.match = 'confusable' THEN entry.folded = seen.folded
            ELSE levenshtein(entry.folded, seen.folded)
                <= alerts_edits_of(entry.folded, list.edits_most::int)
        END
        AND (list.country_rule = 'ignored' OR entry.country IN ('', seen.country)
            OR (list.country_rule = 'if_known' AND seen.country = ''))
        AND (list.province_rule = 'ignored' OR entry.province IN ('', seen.province)
            OR (list.province_rule = 'if_known' AND seen.province = ''))
        AND (list.directions = '{}' OR seen.direction = ANY(list.directions))
        AND alerts_is_within(list.active_hours,
            seen.captured_at AT TIME ZONE organization.time_zone)
        AND alerts_is_at(list.id, list.area, seen.camera_id)
"""

# The lock is part of a statement's plan, hence three statements.
MATCHES = f"""
CREATE FUNCTION alerts_matches(candidates json, locked text)
RETURNS TABLE (at integer, entry_id uuid, watchlist_id uuid, number text, is_pattern boolean,
    edits integer, country text, province text, vehicle text, reason text, case_number text,
    source text, confidence text)
LANGUAGE plpgsql {PLANNED_ONCE} AS $$
#variable_conflict use_column
BEGIN
    IF locked = 'skipping' THEN
        RETURN QUERY {MATCHED} FOR SHARE OF entry, list SKIP LOCKED;
    ELSIF locked = 'waiting' THEN
        RETURN QUERY {MATCHED} FOR SHARE OF entry, list;
    ELSE
        RETURN QUERY {MATCHED};
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0007_say_where_feeds_of_folders_lie")]

    operations = [
        migrations.RunSQL(CANDIDATES, "DROP FUNCTION alerts_candidates(json, json, uuid)"),
        migrations.RunSQL(MATCHES, "DROP FUNCTION alerts_matches(json, text)"),
    ]
