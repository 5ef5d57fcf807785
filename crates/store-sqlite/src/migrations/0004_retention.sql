-- A trace ages by the earlier of start and arrival. Starts have an index; traces whose client's clock runs ahead are
-- few, and found by this one.
CREATE INDEX trace_from_ahead ON trace (experiment_id, arrival_ns) WHERE arrival_ns < start_ns;

-- Folders of deleted traces below artifacts/, until they are removed. One that is noted again while it is being removed
-- is a row of its own.
CREATE TABLE artifact_removal (
    removal_id INTEGER PRIMARY KEY AUTOINCREMENT,
    path       TEXT    NOT NULL
) STRICT;
