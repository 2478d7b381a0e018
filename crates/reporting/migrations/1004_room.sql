-- A declaration is written again once or twice soon after it came. With more than half of each page left free the new row stays on its page, and no
-- index is touched unless it is over.
ALTER TABLE declarations SET (fillfactor = 45);
