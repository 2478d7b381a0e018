-- Declarations as they stand, every version as it was accepted, payments.

CREATE SEQUENCE declaration_serial AS bigint MINVALUE 1 MAXVALUE 99999999 CACHE 1;

CREATE TABLE declarations (
    key        text        NOT NULL PRIMARY KEY,
    version    smallint    NOT NULL,
    state      text        NOT NULL,
    lane       text        NOT NULL,
    officer    text        NOT NULL,
    sender     text        NOT NULL,
    reference  text        NOT NULL,
    class      text        NOT NULL,
    office     text        NOT NULL,
    wire       text        NOT NULL,
    digest     bytea       NOT NULL,
    body       bytea       NOT NULL,
    duty_vnd   bigint      NOT NULL,
    paid_vnd   bigint      NOT NULL,
    guaranteed boolean     NOT NULL,
    lodged_at  timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    UNIQUE (sender, reference)
) WITH (fillfactor = 70);
COMMENT ON COLUMN declarations.wire IS 'content type in which the sender is answered';
COMMENT ON COLUMN declarations.digest IS 'of the content that made the current version: the same again is answered, other content is refused';
CREATE INDEX declarations_of_office ON declarations (office, key);

CREATE TABLE versions (
    key     text        NOT NULL,
    version smallint    NOT NULL,
    digest  bytea       NOT NULL,
    body    bytea       NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (key, version)
);
COMMENT ON TABLE versions IS 'superseded versions; the current one is in declarations';

CREATE TABLE payments (
    reference  text        NOT NULL PRIMARY KEY,
    key        text        NOT NULL,
    amount_vnd bigint      NOT NULL,
    at         timestamptz NOT NULL
);
