"""What the database itself keeps right: variants of entries, and hits that outlive them."""

from django.contrib.postgres.operations import CreateExtension
from django.db import migrations

VARIANTS = r"""
CREATE FUNCTION alerts_variants(word text, left_out_most integer) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    WITH RECURSIVE shorter (text, left_out) AS (
        SELECT word, 0
        UNION
        SELECT overlay(text placing '' from place for 1), left_out + 1
        FROM shorter, generate_series(1, length(text)) AS place
        WHERE left_out < left_out_most AND length(text) > 1
    )
    SELECT array_agg(DISTINCT text) FROM shorter
$$;

-- Of short numbers nearly everything is two edits away: one for each three letters, after the first.
CREATE FUNCTION alerts_edits_of(word text, edits_most integer) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT greatest(least(edits_most, (length(word) - 1) / 3), 0)
$$;

CREATE FUNCTION alerts_keep_variants() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    list record;
    -- As the column `folded`, which is generated after this.
    word text := translate(NEW.number, 'ODQILZSGBถภชซดตฏปฝฟฬธสฮ', '000112568กกขขคคฎบผพพรลอ');
BEGIN
    -- Held, so that no change of policy misses an entry that is not committed yet.
    SELECT match, edits_most INTO list
    FROM alerts_watchlist WHERE id = NEW.watchlist_id FOR SHARE;
    IF list.match = 'edits' AND NEW.number !~ '[?*]' THEN
        NEW.variants := alerts_variants(word, alerts_edits_of(word, list.edits_most));
    ELSE
        NEW.variants := '{}';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER alerts_entry_keep_variants
BEFORE INSERT OR UPDATE OF number, watchlist_id, variants ON alerts_entry
FOR EACH ROW EXECUTE FUNCTION alerts_keep_variants();

CREATE FUNCTION alerts_follow_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE alerts_entry SET variants = '{}' WHERE watchlist_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER alerts_watchlist_follow_policy
AFTER UPDATE OF match, edits_most ON alerts_watchlist
FOR EACH ROW WHEN (
    (OLD.match = 'edits' OR NEW.match = 'edits')
    AND (OLD.match, OLD.edits_most) IS DISTINCT FROM (NEW.match, NEW.edits_most)
) EXECUTE FUNCTION alerts_follow_policy();
"""

# Cameras, groups and area name places together; a list that names none looks everywhere.
PLACES = """
CREATE FUNCTION alerts_is_at(list uuid, area geometry, camera uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM alerts_watchlist_cameras AS named
            WHERE named.watchlist_id = list AND named.camera_id = camera)
        OR EXISTS (SELECT FROM alerts_watchlist_camera_groups AS named
            JOIN cameras_camera_groups AS member USING (cameragroup_id)
            WHERE named.watchlist_id = list AND member.camera_id = camera)
        OR (area IS NOT NULL AND EXISTS (SELECT FROM cameras_camera AS place
            WHERE place.id = camera AND ST_Covers(area, place.point)))
        OR (area IS NULL
            AND NOT EXISTS (SELECT FROM alerts_watchlist_cameras AS named
                WHERE named.watchlist_id = list)
            AND NOT EXISTS (SELECT FROM alerts_watchlist_camera_groups AS named
                WHERE named.watchlist_id = list))
$$;

-- As cameras.models says of active hours: Monday is 0, and what ends before it begins ends tomorrow.
CREATE FUNCTION alerts_is_within(hours jsonb, local timestamp) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hours = '[]' OR EXISTS (
        SELECT FROM jsonb_array_elements(hours) AS span
        CROSS JOIN LATERAL (
            SELECT (span ->> 'from')::int AS starts, (span ->> 'to')::int AS ends,
                extract(hour FROM local)::int * 60 + extract(minute FROM local)::int AS now,
                span -> 'days' @> to_jsonb(extract(isodow FROM local)::int - 1) AS today,
                span -> 'days' @> to_jsonb((extract(isodow FROM local)::int + 5) % 7) AS yesterday
        ) AS at
        WHERE CASE WHEN starts < ends THEN today AND starts <= now AND now < ends
            ELSE (today AND starts <= now) OR (yesterday AND now < ends) END
    )
$$;
"""

NO_PLACES = """
DROP FUNCTION alerts_is_within(jsonb, timestamp);
DROP FUNCTION alerts_is_at(uuid, geometry, uuid);
"""

NO_VARIANTS = """
DROP TRIGGER alerts_watchlist_follow_policy ON alerts_watchlist;
DROP TRIGGER alerts_entry_keep_variants ON alerts_entry;
DROP FUNCTION alerts_follow_policy();
DROP FUNCTION alerts_keep_variants();
DROP FUNCTION alerts_edits_of(text, integer);
DROP FUNCTION alerts_variants(text, integer);
"""

# Not deferred: a hit of an entry that is being deleted waits, and is refused where it is gone.
OUTLIVE = """
DO $$
DECLARE old text;
BEGIN
    SELECT conname INTO old FROM pg_constraint
    WHERE conrelid = 'alerts_hit'::regclass AND confrelid = 'alerts_entry'::regclass;
    EXECUTE format('ALTER TABLE alerts_hit DROP CONSTRAINT %I', old);
END $$;
ALTER TABLE alerts_hit ADD CONSTRAINT alerts_hit_entry_outlived
    FOREIGN KEY (entry_id) REFERENCES alerts_entry (id) ON DELETE SET NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_add_watchlists"), ("cameras", "0004_sample_for_review")]

    operations = [
        CreateExtension("fuzzystrmatch"),
        migrations.RunSQL(VARIANTS, NO_VARIANTS),
        migrations.RunSQL(PLACES, NO_PLACES),
        migrations.RunSQL(OUTLIVE, migrations.RunSQL.noop),
    ]
