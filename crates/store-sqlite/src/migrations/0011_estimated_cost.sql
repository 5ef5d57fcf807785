-- With version 2 of the rules (see renormalize/version.rs) wrappers that tell more tokens than their calls have a cost, and
-- calls lend texts: the sums behind charts are computed again, in the background.
DELETE FROM rollup_trace WHERE EXISTS (SELECT 1 FROM trace);
DELETE FROM rollup_call WHERE EXISTS (SELECT 1 FROM trace);
DELETE FROM rollup_pending WHERE EXISTS (SELECT 1 FROM trace);
UPDATE rollup_build SET through_trace_key = 0 WHERE EXISTS (SELECT 1 FROM trace);
