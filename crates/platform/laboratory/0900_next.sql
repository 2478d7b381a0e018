-- A version after this one, for the laboratory alone: a column that the old version neither writes nor reads.
ALTER TABLE consumers ADD COLUMN claimed_at timestamptz;
