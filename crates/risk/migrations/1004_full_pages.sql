-- A file is written again when somebody takes it or concludes it, and then an index with its state in it changes too: the new row needs an entry in each
-- index wherever it lies, so that room kept free for it on the page brings nothing and costs a third of the table.
ALTER TABLE files SET (fillfactor = 100);

-- A trace has some 2 KB when it is compressed, just too much to stay in its row: it went to a table beside it, in pieces, with an index of its own.
-- Three such rows fit on a page.
ALTER TABLE journal SET (toast_tuple_target = 2700);
