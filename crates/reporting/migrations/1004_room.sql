-- A declaration is written again once or twice soon after it came. With more than half of each page left free the new row mostly stays on its page;
-- indexes are written when a declaration is over, or known from another owner first. Pages that are full already stay as they are.
ALTER TABLE declarations SET (fillfactor = 45);
