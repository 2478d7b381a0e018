-- Rules with their lives, models, beacons, outcomes; what a decision needs to be taken again; groups and hand-overs.

CREATE TABLE rules (
    kind        text        NOT NULL,
    id          text        NOT NULL,
    version     int         NOT NULL,
    state       text        NOT NULL,
    document    text        NOT NULL,
    digest      bytea       NOT NULL,
    saved_by    text        NOT NULL,
    saved_at    timestamptz NOT NULL,
    approved_by text        NOT NULL DEFAULT '',
    approved_at timestamptz,
    PRIMARY KEY (kind, id, version)
);
COMMENT ON COLUMN rules.state IS 'draft, approved, suspended, retired';

CREATE TABLE regime (
    one      boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    revision int     NOT NULL
);
COMMENT ON TABLE regime IS 'raised by every change of what is in force, so that each replica reloads';
INSERT INTO regime (revision) VALUES (0);

CREATE TABLE models (
    digest   bytea       NOT NULL PRIMARY KEY,
    artefact bytea       NOT NULL,
    saved_by text        NOT NULL,
    saved_at timestamptz NOT NULL
);

CREATE TABLE beacons (
    day    date NOT NULL PRIMARY KEY,
    source text NOT NULL,
    value  text NOT NULL
);

CREATE TABLE outcomes (
    key         text   NOT NULL,
    version     smallint NOT NULL,
    office      text   NOT NULL,
    day         date   NOT NULL,
    outcome     bytea  NOT NULL,
    PRIMARY KEY (key, version)
);
CREATE INDEX outcomes_days ON outcomes (day, office);
COMMENT ON COLUMN outcomes.outcome IS 'JSON: profiles selected, stratum, propensities, score, finding, revenue';

CREATE TABLE overrides (
    at            timestamptz NOT NULL,
    office        text        NOT NULL,
    number        text        NOT NULL,
    what          text        NOT NULL,
    source        text        NOT NULL,
    target        text        NOT NULL,
    reason        text        NOT NULL,
    actor         text        NOT NULL,
    second_person text        NOT NULL,
    PRIMARY KEY (office, at, number)
);

ALTER TABLE offices
    ADD COLUMN closed_day    date,
    ADD COLUMN counts        bytea NOT NULL DEFAULT '',
    ADD COLUMN model         bytea NOT NULL DEFAULT '',
    ADD COLUMN beacon_source text  NOT NULL DEFAULT '',
    ADD COLUMN beacon_value  text  NOT NULL DEFAULT '';
COMMENT ON COLUMN offices.counts IS 'JSON: decisions of the open day by direction';

ALTER TABLE files
    ADD COLUMN supervisor text  NOT NULL DEFAULT '',
    ADD COLUMN how        text  NOT NULL DEFAULT '',
    ADD COLUMN grp        text  NOT NULL DEFAULT '',
    ADD COLUMN selection  bytea NOT NULL DEFAULT '';
COMMENT ON COLUMN files.selection_day IS 'the day of the decision on this version';
COMMENT ON COLUMN files.how IS 'DRAWN, ONLY, RETURNED, TOGETHER, QUEUED, or the reason of an override';
COMMENT ON COLUMN files.selection IS 'JSON of the selection: an amendment keeps its draws, a finding is credited to what selected it';
CREATE INDEX files_held ON files (office, officer) WHERE state = 'OPEN';
CREATE INDEX files_queued ON files (office, since, key) WHERE state = 'QUEUED';
CREATE INDEX files_groups ON files (grp) WHERE grp <> '' AND state = 'OPEN';
CREATE INDEX files_days ON files USING brin (selection_day);

CREATE INDEX journal_times ON journal USING brin (recorded_at);

-- Facts and selections of long declarations are compressed on the way in: LZ4 where PostgreSQL was built with it.
DO $$
BEGIN
    ALTER TABLE files ALTER COLUMN facts SET COMPRESSION lz4, ALTER COLUMN selection SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'built without lz4: facts stay compressed by pglz';
END $$;
