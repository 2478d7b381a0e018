-- The stages of a version grow on its row, which is written for nearly every fact anyway: a row of their own each, under a key of four columns, cost
-- half as much again. The table keeps what it has, and takes what has no row to grow on. The new column writes nothing anew; the version before goes
-- on beside it with the table, and does not tell the stages that only the column has.
ALTER TABLE declarations ADD COLUMN stages bytea NOT NULL DEFAULT '';
-- Nothing is found by it.
ALTER TABLE declarations ALTER COLUMN stages SET STATISTICS 0;
COMMENT ON COLUMN declarations.stages IS 'customs.reporting.v1.KeptStages: of the facts that wrote this row, as they came; one that was applied twice is there twice';
COMMENT ON TABLE stages IS 'the timeline of facts that write no row of declarations, such as those of vehicles, and of all facts before that row had stages';
-- Rows grow by a third: with more of each page left free they still stay on it.
ALTER TABLE declarations SET (fillfactor = 35);
