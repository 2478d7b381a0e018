-- A declaration is written again once or twice soon after it came. With half of each page left free the new row stays on its page, and no index is touched.
ALTER TABLE declarations SET (fillfactor = 50);
