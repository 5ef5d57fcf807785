-- Finds traces by their ids. A unique index of `trace` did, but ids are random: each new trace changed a page of its own
-- of it. Here come many at a time, in the order of their ids (see trace_ids/).
CREATE TABLE trace_by_id (
    trace_id  ANY     PRIMARY KEY,
    trace_key INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO trace_by_id SELECT trace_id, trace_key FROM trace ORDER BY trace_id;

-- One row: the traces up to this key are in it; some of later ones may be.
CREATE TABLE trace_by_id_build (
    through_trace_key INTEGER NOT NULL
) STRICT;
INSERT INTO trace_by_id_build SELECT coalesce(max(trace_key), 0) FROM trace;

-- SQLite can't take UNIQUE away: the same table without it. No two rows have the same trace_id nevertheless.
CREATE TABLE trace_without_unique (
    trace_key                INTEGER PRIMARY KEY AUTOINCREMENT,
    trace_id                 ANY     NOT NULL,
    experiment_id            INTEGER NOT NULL,
    experiment_rank          BLOB    NOT NULL,
    -- 0 while only log records of it are known: no read finds it.
    visible                  INTEGER NOT NULL DEFAULT 1,
    finalized                INTEGER NOT NULL DEFAULT 0,
    -- Bits of the values that a client set itself (see trace_row.rs); derived ones never replace them.
    explicit                 INTEGER NOT NULL DEFAULT 0,
    start_ns                 INTEGER NOT NULL,
    duration_ns              INTEGER,
    -- 0 unspecified, 1 OK, 2 ERROR, 3 IN_PROGRESS.
    state                    INTEGER NOT NULL,
    span_count               INTEGER NOT NULL DEFAULT 0,
    root_rank                BLOB,
    name                     TEXT,
    client_request_id        TEXT,
    session                  TEXT,
    session_rank             BLOB,
    user                     TEXT,
    user_rank                BLOB,
    resource_id              INTEGER,
    resource_rank            BLOB,
    request_preview          TEXT,
    response_preview         TEXT,
    input_text               TEXT,
    output_text              TEXT,
    -- NULL input_tokens means that no span reports usage; NULL cost_total, that no cost is known.
    input_tokens             INTEGER,
    output_tokens            INTEGER,
    total_tokens             INTEGER,
    cache_read_tokens        INTEGER,
    cache_creation_tokens    INTEGER,
    cache_creation_1h_tokens INTEGER,
    cost_input               REAL,
    cost_output              REAL,
    cost_total               REAL,
    arrival_ns               INTEGER NOT NULL,
    -- NULL of a trace that an older version wrote, until it is counted (see error_spans.rs).
    error_span_count         INTEGER,
    -- Where in the preview the text is written too (see shared_text.rs).
    input_place              INTEGER,
    output_place             INTEGER
) STRICT;
-- `*`: SQLite then copies rows as they are, without taking them apart.
INSERT INTO trace_without_unique SELECT * FROM trace;
-- Keys of traces that were deleted are not given again.
DELETE FROM sqlite_sequence WHERE name = 'trace_without_unique';
INSERT INTO sqlite_sequence (name, seq) SELECT 'trace_without_unique', seq FROM sqlite_sequence WHERE name = 'trace';
DROP TABLE trace;
ALTER TABLE trace_without_unique RENAME TO trace;

CREATE INDEX trace_by_start ON trace (experiment_id, start_ns DESC, trace_id);
CREATE INDEX trace_by_session ON trace (session) WHERE session IS NOT NULL;
CREATE INDEX trace_hidden ON trace (experiment_id) WHERE visible = 0;
CREATE INDEX trace_from_ahead ON trace (experiment_id, arrival_ns) WHERE arrival_ns < start_ns;

-- No query uses it: tags are read by their trace, and found in the columns in memory. Each value is a place of its own in it,
-- so that each group of writes changed a page for each value of each tag.
DROP INDEX IF EXISTS trace_tag_by_value;
