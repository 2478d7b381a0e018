-- What happened, one row per version of a declaration; rows of it that are known from one owner alone wait for the others.
-- Every column has one owner, and keeps its first or its last fact by that owner's time: facts of different topics commute.

CREATE TABLE declarations (
    key                  text        NOT NULL,
    version              smallint    NOT NULL,
    office               text        NOT NULL,
    direction            text        NOT NULL,
    kind                 text        NOT NULL,
    class                text        NOT NULL,
    sender               text        NOT NULL,
    reference            text        NOT NULL,
    currency             text        NOT NULL,
    value                bigint      NOT NULL,
    duty_vnd             bigint      NOT NULL,
    paid_vnd             bigint      NOT NULL,
    amended              boolean     NOT NULL,
    lane                 text        NOT NULL,
    form                 text        NOT NULL,
    officer              text        NOT NULL,
    queue_reason         text        NOT NULL,
    conform              boolean     NOT NULL,
    lodged_at            timestamptz,
    replaced_at          timestamptz,
    withdrawn_at         timestamptz,
    decided_at           timestamptz,
    assigned_at          timestamptz,
    officer_at           timestamptz,
    officer_position     bigint      NOT NULL,
    reassigned_at        timestamptz,
    assignment_closed_at timestamptz,
    concluded_at         timestamptz,
    tax_due_at           timestamptz,
    cleared_at           timestamptz,
    clearance_refused_at timestamptz,
    reported_at          timestamptz,
    trace                text        NOT NULL,
    PRIMARY KEY (key, version)
) WITH (fillfactor = 60);
COMMENT ON COLUMN declarations.lodged_at IS 'when this version was registered, lodged or amended; null: known from facts of other owners alone, not counted yet';
COMMENT ON COLUMN declarations.assigned_at IS 'an officer was drawn';
COMMENT ON COLUMN declarations.conform IS 'of the conclusion; false without one';
COMMENT ON COLUMN declarations.value IS '10^-4 of the currency';
COMMENT ON COLUMN declarations.reported_at IS 'our time when the version was first registered with a lane, and green or with an officer or a queue entry';
CREATE INDEX declarations_of_office ON declarations (office, lodged_at);
CREATE INDEX declarations_of_sender ON declarations (reference, sender);

CREATE TABLE stages (
    key        text        NOT NULL,
    topic      text        NOT NULL,
    stream     int         NOT NULL,
    position   bigint      NOT NULL,
    version    smallint    NOT NULL,
    stage      text        NOT NULL,
    at         timestamptz NOT NULL,
    office     text        NOT NULL,
    person     text        NOT NULL,
    place      text        NOT NULL,
    lane       text        NOT NULL,
    form       text        NOT NULL,
    conform    text        NOT NULL,
    amount_vnd bigint      NOT NULL,
    reason     text        NOT NULL,
    officer    text        NOT NULL,
    trace      text        NOT NULL,
    PRIMARY KEY (key, topic, stream, position)
);
COMMENT ON TABLE stages IS 'the timeline: one row for each fact and each declaration that it names';

CREATE TABLE refusals (
    topic     text        NOT NULL,
    stream    int         NOT NULL,
    position  bigint      NOT NULL,
    attempt   text        NOT NULL,
    office    text        NOT NULL,
    direction text        NOT NULL,
    kind      text        NOT NULL,
    code      text        NOT NULL,
    sender    text        NOT NULL,
    reference text        NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (topic, stream, position)
);
CREATE INDEX refusals_of_office ON refusals (office, at);

CREATE TABLE visits (
    id              text NOT NULL PRIMARY KEY,
    arrived_at      timestamptz,
    arrived_office  text NOT NULL,
    held_at         timestamptz,
    held_office     text NOT NULL,
    departed_at     timestamptz,
    departed_office text NOT NULL
) WITH (fillfactor = 70);
COMMENT ON COLUMN visits.id IS 'visit, or the vehicle when it has none';
