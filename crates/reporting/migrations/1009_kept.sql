-- The figures of days that are over are kept, so that a report of such a day reads them instead of thousands of declarations. Kept figures are derived:
-- deleting all of them loses nothing, and a migration that changes what a day counts does so.
CREATE TABLE kept_figures (
    office    text        NOT NULL,
    day       date        NOT NULL,
    figures   bytea,
    announced boolean     NOT NULL,
    due_at    timestamptz NOT NULL,
    PRIMARY KEY (office, day)
);
COMMENT ON TABLE kept_figures IS 'figures of days that are over; who changes such a day marks it, and a timer counts it again';
COMMENT ON COLUMN kept_figures.office IS 'empty: every office';
COMMENT ON COLUMN kept_figures.figures IS 'customs.reporting.v1.Report with nothing but the figures; null: to be counted';
COMMENT ON COLUMN kept_figures.announced IS 'about to be counted: what is counted is kept only if nobody has marked the day since';
COMMENT ON COLUMN kept_figures.due_at IS 'not counted before: a day that is marked again and again is counted now and then';
ALTER TABLE kept_figures ALTER COLUMN figures SET STATISTICS 0;
CREATE INDEX kept_figures_of_day ON kept_figures (day);
CREATE INDEX kept_figures_due ON kept_figures (announced, day DESC, office) WHERE figures IS NULL;

-- A row: somebody wrote what counts without marking, so nothing that is kept holds.
CREATE TABLE kept_doubts (at timestamptz NOT NULL);
COMMENT ON TABLE kept_doubts IS 'while there is a row, no kept figures are read';

-- Marks every office from a day on, and the office of each row or name given from its own day on, with every office together. What was paid for a
-- declaration counts on the day on which one of its versions was cleared.
-- Who marks holds the lock, shared, until its transaction ends; who announces or keeps holds it alone. So whatever is counted after an announcement has
-- the rows of all who marked before it, and whoever marks after it finds the announcement, or what was kept, and takes it back. Rows are locked in the
-- order of the key. Who has marked nothing, as most do, has read two pages of an index.
CREATE FUNCTION mark_kept_figures(every_from date, keys text[], versions smallint[], changed date[], paid text[], offices text[], since date[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1009, 0);
    UPDATE kept_figures AS k SET figures = NULL, announced = false, due_at = now() + interval '30 seconds'
    FROM (SELECT n.office, n.day FROM kept_figures n WHERE n.day >= every_from AND (n.figures IS NOT NULL OR n.announced)
        ORDER BY n.office, n.day FOR UPDATE) AS m
    WHERE k.office = m.office AND k.day = m.day;
    IF cardinality(keys) + cardinality(paid) + cardinality(offices) > 0 THEN
        WITH marks AS MATERIALIZED (
            SELECT d.office, c.day FROM UNNEST(keys, versions, changed) AS c (key, version, day) JOIN declarations d USING (key, version)
            WHERE d.lodged_at IS NOT NULL
            UNION ALL SELECT d.office, (d.cleared_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date FROM declarations d WHERE d.key = ANY (paid) AND d.cleared_at IS NOT NULL
            UNION ALL SELECT * FROM UNNEST(offices, since)
        ), firsts AS (
            SELECT marks.office, min(day) AS day FROM marks WHERE marks.office <> '' GROUP BY marks.office UNION ALL SELECT '', min(day) FROM marks
        )
        UPDATE kept_figures AS k SET figures = NULL, announced = false, due_at = now() + interval '30 seconds'
        FROM (SELECT n.office, n.day FROM firsts f JOIN kept_figures n ON n.office = f.office AND n.day >= f.day
            WHERE n.figures IS NOT NULL OR n.announced ORDER BY n.office, n.day FOR UPDATE OF n) AS m
        WHERE k.office = m.office AND k.day = m.day;
    END IF;
END $$;

-- Who writes what counts says that it marks, by a setting of its transaction. The version before this one does not, nor does who repairs or fills in by
-- hand: then everything kept is in doubt from the moment at which their rows are seen, and is counted again.
-- A call for each statement, and none for its rows: to look at each row would cost more than marking.
CREATE FUNCTION doubt_kept_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('reporting.marks', true) IS DISTINCT FROM 'on' THEN
        PERFORM pg_advisory_xact_lock_shared(1009, 0);
        INSERT INTO kept_doubts SELECT now() WHERE NOT EXISTS (SELECT FROM kept_doubts);
    END IF;
    RETURN NULL;
END $$;

-- In the order in which batches write these tables. `refusals_of_office` is not needed since the version before.
CREATE TRIGGER doubt AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON declarations EXECUTE FUNCTION doubt_kept_figures();
DROP INDEX refusals_of_office;
CREATE TRIGGER doubt AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON refusals EXECUTE FUNCTION doubt_kept_figures();
CREATE TRIGGER doubt AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON visits EXECUTE FUNCTION doubt_kept_figures();
