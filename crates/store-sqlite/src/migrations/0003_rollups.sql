-- Roll-ups: what charts over time add up (see rollup/). A bucket is a quarter of an hour, counted from 1970, UTC.

-- Traces, by the bucket that they start in.
CREATE TABLE rollup_trace (
    experiment_id INTEGER NOT NULL,
    bucket        INTEGER NOT NULL,
    -- The packed sums (see rollup/figures.rs).
    figures       BLOB    NOT NULL,
    PRIMARY KEY (experiment_id, bucket)
) STRICT, WITHOUT ROWID;

-- Calls of models, by the bucket that they start in.
CREATE TABLE rollup_call (
    experiment_id INTEGER NOT NULL,
    bucket        INTEGER NOT NULL,
    model_key     INTEGER NOT NULL,
    figures       BLOB    NOT NULL,
    PRIMARY KEY (experiment_id, bucket, model_key)
) STRICT, WITHOUT ROWID;

-- Models with their provider, as far as spans named them.
CREATE TABLE rollup_model (
    model_key INTEGER PRIMARY KEY,
    model     TEXT,
    provider  TEXT
) STRICT;
CREATE INDEX rollup_model_by_name ON rollup_model (model, provider);

-- Changes that wait to be added to the rows above, in the order in which they were made (see rollup/pending.rs).
CREATE TABLE rollup_pending (
    pending_id INTEGER PRIMARY KEY,
    changes    BLOB NOT NULL
) STRICT;

-- One row: the traces up to this key are in the roll-ups, and later ones will be. The highest number there is once all
-- are, which is so from the start unless an older version wrote traces.
CREATE TABLE rollup_build (
    through_trace_key INTEGER NOT NULL
) STRICT;
INSERT INTO rollup_build
SELECT CASE WHEN EXISTS (SELECT 1 FROM trace) THEN 0 ELSE 9223372036854775807 END;
