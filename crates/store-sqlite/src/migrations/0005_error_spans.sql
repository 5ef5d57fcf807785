-- How many spans of a trace failed; NULL of a trace that an older version wrote, until it is counted (see error_spans.rs).
ALTER TABLE trace ADD COLUMN error_span_count INTEGER;

-- One row: the traces up to this key are counted. The highest number there is once all are, which is so from the start
-- unless an older version wrote traces.
CREATE TABLE error_span_build (
    through_trace_key INTEGER NOT NULL
) STRICT;
INSERT INTO error_span_build
SELECT CASE WHEN EXISTS (SELECT 1 FROM trace) THEN 0 ELSE 9223372036854775807 END;
