-- The worklist of an officer in its order: a page of it reads a page, however many files the officer has.
CREATE INDEX files_of_officer ON files (office, officer, since, key) WHERE state = 'OPEN';
DROP INDEX files_held;
