-- One row: by which version of the rules stored traces were derived (see renormalize/version.rs). 0 is that of releases
-- that did not keep it.
CREATE TABLE derivation (
    version INTEGER NOT NULL
) STRICT;
INSERT INTO derivation SELECT CASE WHEN EXISTS (SELECT 1 FROM trace) THEN 0 ELSE 1 END;

-- With version 1 it changed which spans count: the sums behind charts are computed again, in the background.
DELETE FROM rollup_trace WHERE EXISTS (SELECT 1 FROM trace);
DELETE FROM rollup_call WHERE EXISTS (SELECT 1 FROM trace);
DELETE FROM rollup_pending WHERE EXISTS (SELECT 1 FROM trace);
UPDATE rollup_build SET through_trace_key = 0 WHERE EXISTS (SELECT 1 FROM trace);
