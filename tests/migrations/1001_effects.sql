-- What the toy service of the platform's tests writes down.
CREATE TABLE effects (
    id      bigserial PRIMARY KEY,
    place   text NOT NULL,
    subject text NOT NULL,
    body    text NOT NULL CHECK (body <> 'impossible')
);
CREATE TABLE subjects (subject text PRIMARY KEY);
CREATE TABLE offices (office text PRIMARY KEY, total bigint NOT NULL);
INSERT INTO offices SELECT 'OFF' || n, 0 FROM generate_series(0, 7) AS n;
