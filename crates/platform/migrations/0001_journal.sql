-- The block that every service database has: journal, relay and reader state (ARCHITECTURE.md, "The journal").
-- Text is never null, absent is ''; times have microseconds.

CREATE TABLE streams (
    topic     text   NOT NULL,
    stream    int    NOT NULL,
    position  bigint NOT NULL DEFAULT 0,
    hash      bytea  NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    published bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, stream),
    CHECK (published <= position),
    CHECK (octet_length(hash) = 32)
) WITH (fillfactor = 50);

CREATE TABLE journal (
    topic       text        NOT NULL,
    stream      int         NOT NULL,
    position    bigint      NOT NULL,
    kind        text        NOT NULL,
    subject     text        NOT NULL,
    office      text        NOT NULL,
    actor       text        NOT NULL,
    cause       text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    trace       text        NOT NULL,
    headers     text        NOT NULL,
    payload     bytea       NOT NULL,
    hash        bytea       NOT NULL,
    PRIMARY KEY (topic, stream, position)
);
COMMENT ON COLUMN journal.headers IS 'further headers of the wire, one "name=value" a line; they repeat what the payload says and stay outside the hash';

CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal is append-only';
END $$;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();

CREATE TABLE consumers (
    topic       text   NOT NULL,
    partition   int    NOT NULL,
    epoch       bigint NOT NULL DEFAULT 0,
    position    bigint NOT NULL DEFAULT 0,
    hash        bytea  NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    next_offset bigint NOT NULL DEFAULT 0,
    owner       text   NOT NULL DEFAULT '',
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE commands (
    caller text        NOT NULL,
    method text        NOT NULL,
    key    text        NOT NULL,
    digest bytea       NOT NULL,
    answer bytea       NOT NULL,
    at     timestamptz NOT NULL,
    PRIMARY KEY (caller, method, key)
);

CREATE TABLE inbox (
    source    text        NOT NULL,
    id        text        NOT NULL,
    digest    bytea       NOT NULL,
    answer_id text        NOT NULL,
    seen_at   timestamptz NOT NULL,
    PRIMARY KEY (source, id)
);
CREATE INDEX inbox_seen_at ON inbox USING brin (seen_at);

CREATE TABLE awaiting (
    subject   text        NOT NULL,
    topic     text        NOT NULL,
    partition int         NOT NULL,
    "offset"  bigint      NOT NULL,
    position  bigint      NOT NULL,
    key       text        NOT NULL,
    headers   text        NOT NULL,
    payload   bytea       NOT NULL,
    since     timestamptz NOT NULL,
    told_at   timestamptz,
    PRIMARY KEY (topic, partition, "offset")
);
CREATE INDEX awaiting_subject ON awaiting (subject);

CREATE TABLE dead_letters (
    topic       text        NOT NULL,
    partition   int         NOT NULL,
    "offset"    bigint      NOT NULL,
    position    bigint      NOT NULL,
    key         text        NOT NULL,
    subject     text        NOT NULL,
    headers     text        NOT NULL,
    payload     bytea       NOT NULL,
    code        text        NOT NULL,
    reason      text        NOT NULL,
    received_at timestamptz NOT NULL,
    redriven_at timestamptz,
    PRIMARY KEY (topic, partition, "offset")
);
COMMENT ON COLUMN dead_letters."offset" IS 'minus the position for a row repaired from the producer''s journal';
CREATE INDEX dead_letters_open ON dead_letters (topic, subject) WHERE redriven_at IS NULL;

CREATE TABLE parked (
    source  text NOT NULL,
    subject text NOT NULL,
    PRIMARY KEY (source, subject)
);

CREATE TABLE leases (
    name  text        NOT NULL PRIMARY KEY,
    owner text        NOT NULL,
    until timestamptz NOT NULL
);
