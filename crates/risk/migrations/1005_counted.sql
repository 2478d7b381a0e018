-- What one transaction counted, as one row: a timer folds it into `counts` within minutes and deletes it. Nobody reads the counts of a day before the next
-- one, and each transaction changed a row of `counts` for everybody of whom it counted something.
--
-- The version before this one goes on adding to `counts` beside it, which stays right, since both only add. It does not see what still lies here: just
-- after midnight it misses the last minutes of the day before. After a step back, what lies here waits until this version runs again.
CREATE TABLE counted (
    day      date   NOT NULL,
    id       bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    kinds    text[] NOT NULL,
    codes    text[] NOT NULL,
    events   int[]  NOT NULL,
    findings int[]  NOT NULL,
    PRIMARY KEY (day, id)
) WITH (
    -- A row lives for a minute: to compress it, or to move it to a table beside this one, would cost more than it saves.
    toast_tuple_target = 8160,
    -- What was deleted is soon written again, so the file keeps its pages; giving them back would lock the table.
    vacuum_truncate = off, toast.vacuum_truncate = off,
    -- There is room to reuse only after rows were deleted.
    autovacuum_vacuum_insert_threshold = -1, toast.autovacuum_vacuum_insert_threshold = -1,
    -- Statements go by key, so nobody asks for statistics, which would be of rows that are gone.
    autovacuum_analyze_threshold = 2147483647
);
COMMENT ON TABLE counted IS 'counts on their way to `counts`: the arrays are equally long, a place in them is one kind and code';
