-- What tracking owns: vehicles, what they carry, their visits, and every reading of a plate.
-- Text is never null, absent is ''. Plates are stored for commercial vehicles alone; any other plate only as keyed hash.

CREATE TABLE vehicles (
    id             text    NOT NULL PRIMARY KEY,
    plate          text    NOT NULL,
    country        text    NOT NULL,
    announced_gate text    NOT NULL,
    announced_at   timestamptz,
    announced      text    NOT NULL,
    held_gate      text    NOT NULL,
    held_reason    text    NOT NULL,
    held_at        timestamptz
) WITH (fillfactor = 80);
COMMENT ON COLUMN vehicles.id IS 'keyed hash of folded plate and country';
COMMENT ON COLUMN vehicles.plate IS 'folded; empty until a declaration or an announcement makes the vehicle commercial';
COMMENT ON COLUMN vehicles.announced IS 'declaration keys of the announcement that no visit has used, separated by a space';
COMMENT ON COLUMN vehicles.held_gate IS 'gate that holds it while it has no visit';
CREATE INDEX vehicles_held ON vehicles (held_gate) WHERE held_gate <> '';

CREATE TABLE carried (
    key       text     NOT NULL PRIMARY KEY,
    version   smallint NOT NULL,
    vehicle   text     NOT NULL,
    direction text     NOT NULL,
    cleared   smallint NOT NULL,
    withdrawn boolean  NOT NULL,
    departed  boolean  NOT NULL
) WITH (fillfactor = 80);
COMMENT ON COLUMN carried.version IS 'latest version heard whole; -1: only the number is known';
COMMENT ON COLUMN carried.cleared IS 'latest version that was cleared; -1: none';
COMMENT ON COLUMN carried.departed IS 'a visit that carried it has ended';
CREATE INDEX carried_vehicle ON carried (vehicle) WHERE vehicle <> '' AND NOT withdrawn AND NOT departed;

CREATE TABLE visits (
    id          text        NOT NULL PRIMARY KEY,
    vehicle     text        NOT NULL,
    gate        text        NOT NULL,
    office      text        NOT NULL,
    state       text        NOT NULL,
    reason      text        NOT NULL,
    arrived_at  timestamptz NOT NULL,
    departed_at timestamptz
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX visits_open ON visits (vehicle) WHERE departed_at IS NULL;
CREATE INDEX visits_gate ON visits (gate) WHERE departed_at IS NULL;

CREATE TABLE visit_declarations (
    visit       text NOT NULL REFERENCES visits,
    declaration text NOT NULL,
    PRIMARY KEY (visit, declaration)
);
CREATE INDEX visit_declarations_declaration ON visit_declarations (declaration);

CREATE TABLE readings (
    camera      text        NOT NULL,
    observed_at timestamptz NOT NULL,
    plate       text        NOT NULL,
    vehicle     text        NOT NULL,
    gate        text        NOT NULL,
    direction   text        NOT NULL,
    confidence  smallint    NOT NULL,
    image       text        NOT NULL,
    outcome     text        NOT NULL,
    reason      text        NOT NULL,
    visit       text        NOT NULL,
    seen_at     timestamptz NOT NULL,
    PRIMARY KEY (camera, observed_at, plate)
);
COMMENT ON TABLE readings IS 'never pruned: camera, time and plate make a reading unique for ever';
COMMENT ON COLUMN readings.plate IS 'keyed hash of the folded plate';
CREATE INDEX readings_judged ON readings (vehicle, gate, direction, observed_at) WHERE outcome <> 'REPEAT';
