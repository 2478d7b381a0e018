-- Offices with their days and rosters, keys, the file of each declaration, loads, and counts for history.

CREATE TABLE offices (
    office    text        NOT NULL PRIMARY KEY,
    open_day  date,
    decisions int         NOT NULL DEFAULT 0,
    last_at   timestamptz,
    rules     bytea       NOT NULL DEFAULT '',
    roster    bytea       NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
COMMENT ON TABLE offices IS 'one office is decided by one transaction at a time: its row is the lock';

CREATE TABLE day_keys (
    office   text    NOT NULL,
    day      date    NOT NULL,
    key      bytea   NOT NULL,
    revealed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (office, day)
);

CREATE TABLE files (
    key           text        NOT NULL PRIMARY KEY,
    version       smallint    NOT NULL,
    office        text        NOT NULL,
    class         text        NOT NULL,
    lane          text        NOT NULL,
    form          text        NOT NULL,
    state         text        NOT NULL,
    officer       text        NOT NULL,
    queue_reason  text        NOT NULL,
    points        int         NOT NULL,
    round         int         NOT NULL,
    selection_day date        NOT NULL,
    since         timestamptz NOT NULL,
    facts         bytea       NOT NULL,
    trace         text        NOT NULL
) WITH (fillfactor = 70);
COMMENT ON COLUMN files.state IS 'NONE green, OPEN with an officer, QUEUED without one, CONCLUDED, WITHDRAWN';
CREATE INDEX files_waiting ON files (office, since) WHERE state IN ('OPEN', 'QUEUED');

CREATE TABLE loads (
    office  text   NOT NULL,
    officer text   NOT NULL,
    month   date   NOT NULL,
    points  bigint NOT NULL,
    PRIMARY KEY (office, officer, month)
) WITH (fillfactor = 50);

CREATE TABLE open_files (
    office  text NOT NULL,
    officer text NOT NULL,
    files   int  NOT NULL,
    PRIMARY KEY (office, officer)
) WITH (fillfactor = 50);

CREATE TABLE notes (
    key     text        NOT NULL,
    version smallint    NOT NULL,
    officer text        NOT NULL,
    note    text        NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (key, version, at)
);

CREATE TABLE counts (
    kind       text NOT NULL,
    code       text NOT NULL,
    day        date NOT NULL,
    events     int  NOT NULL,
    nonconform int  NOT NULL,
    PRIMARY KEY (kind, code, day)
) WITH (fillfactor = 70);
COMMENT ON COLUMN counts.kind IS 'trader, declarant: declarations and findings; vehicle: times held at a gate';

CREATE INDEX journal_traces ON journal (subject) WHERE topic = 'customs.risk.traces.v1';
