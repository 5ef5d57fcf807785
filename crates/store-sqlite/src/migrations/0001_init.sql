-- Times are UTC nanoseconds. A trace_id is a BLOB of 16 bytes, or TEXT where a client chose its own.
-- A rank says how good the source of a derived value is: the smaller one wins, so that the result does not
-- depend on the order of arrival (see rank.rs).

CREATE TABLE experiment (
    experiment_id     INTEGER PRIMARY KEY AUTOINCREMENT,
    name              TEXT    NOT NULL UNIQUE,
    artifact_location TEXT    NOT NULL,
    deleted           INTEGER NOT NULL DEFAULT 0,
    -- 1 if made on first sight of a service.name; their number is limited.
    derived           INTEGER NOT NULL DEFAULT 0,
    created_ns        INTEGER NOT NULL,
    last_updated_ns   INTEGER NOT NULL
) STRICT;

CREATE TABLE experiment_tag (
    experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
    key           TEXT    NOT NULL,
    value         TEXT    NOT NULL,
    PRIMARY KEY (experiment_id, key)
) STRICT, WITHOUT ROWID;

-- Resource and scope messages, each stored once.
CREATE TABLE interned (
    interned_id INTEGER PRIMARY KEY,
    hash        BLOB NOT NULL UNIQUE,
    bytes       BLOB NOT NULL,
    -- JSON object of the tags that a resource gives to its trace; NULL for a scope.
    tags        TEXT
) STRICT;

CREATE TABLE trace (
    trace_key                INTEGER PRIMARY KEY AUTOINCREMENT,
    trace_id                 ANY     NOT NULL UNIQUE,
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
    arrival_ns               INTEGER NOT NULL
) STRICT;

CREATE INDEX trace_by_start ON trace (experiment_id, start_ns DESC, trace_id);
CREATE INDEX trace_by_session ON trace (session) WHERE session IS NOT NULL;

CREATE TABLE trace_tag (
    trace_key INTEGER NOT NULL REFERENCES trace ON DELETE CASCADE,
    key       TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    PRIMARY KEY (trace_key, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_tag_by_value ON trace_tag (key, substr(value, 1, 64));

CREATE TABLE trace_metadata (
    trace_key INTEGER NOT NULL REFERENCES trace ON DELETE CASCADE,
    key       TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    PRIMARY KEY (trace_key, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE assessment (
    assessment_id   TEXT    PRIMARY KEY,
    trace_key       INTEGER NOT NULL REFERENCES trace ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    -- 0 feedback, 1 expectation, 2 issue.
    kind            INTEGER NOT NULL,
    -- The value as the JSON text that filters compare with; NULL for feedback with only an error, and for an issue.
    value           TEXT,
    -- The value as a number, if it is one (true and false are not).
    value_number    REAL,
    serialized      INTEGER NOT NULL DEFAULT 0,
    error_code      TEXT,
    error_message   TEXT,
    stack_trace     TEXT,
    issue_name      TEXT,
    -- 0 unspecified, 1 human, 2 LLM judge, 3 code.
    source_type     INTEGER NOT NULL,
    source_id       TEXT,
    span_id         TEXT,
    created_ns      INTEGER NOT NULL,
    last_updated_ns INTEGER NOT NULL,
    rationale       TEXT,
    -- JSON object of strings.
    metadata        TEXT    NOT NULL DEFAULT '{}',
    -- metadata['mlflow.trace.session'] if present: the assessment then speaks for the whole session.
    session         TEXT,
    overrides       TEXT,
    valid           INTEGER NOT NULL DEFAULT 1,
    -- Order of creation.
    sequence        INTEGER NOT NULL
) STRICT;
CREATE INDEX assessment_by_trace ON assessment (trace_key, sequence);
CREATE INDEX assessment_by_name ON assessment (kind, name, value_number);
CREATE INDEX assessment_by_session ON assessment (session) WHERE session IS NOT NULL;

-- Neither the run nor the trace need exist when the link is made.
CREATE TABLE trace_run (
    run_id   TEXT NOT NULL,
    trace_id ANY  NOT NULL,
    PRIMARY KEY (run_id, trace_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_run_by_trace ON trace_run (trace_id);

CREATE TABLE trace_prompt (
    trace_key INTEGER NOT NULL REFERENCES trace ON DELETE CASCADE,
    name      TEXT    NOT NULL,
    version   TEXT    NOT NULL,
    PRIMARY KEY (trace_key, name, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_prompt_by_name ON trace_prompt (name, version);

CREATE TABLE segment (
    -- Never used again, so that a reader with an old location finds nothing rather than something else.
    segment_id      INTEGER PRIMARY KEY AUTOINCREMENT,
    -- 1 once nothing will be appended any more.
    sealed          INTEGER NOT NULL DEFAULT 0,
    -- Bytes of the file that were acknowledged; anything behind them is cut off on opening.
    committed_bytes INTEGER NOT NULL,
    -- Bytes of blocks that no delete or compaction has let go.
    live_bytes      INTEGER NOT NULL DEFAULT 0,
    created_ns      INTEGER NOT NULL,
    -- When a delete first let go of bytes in it; they must be gone a day later.
    first_dead_ns   INTEGER,
    -- What compaction wrote holds traces of one experiment that started on one day (since 1970, UTC), so that
    -- retention can drop whole files. NULL for what arrives.
    experiment_id   INTEGER,
    day             INTEGER
) STRICT;

-- One block: spans (kind 0) or log records (kind 1) of one trace, as they arrived or as compaction merged them.
-- Ids ascend in order of arrival; a merged block has the id of one of those that it replaces, so that it counts as
-- indexed when they were.
CREATE TABLE block (
    block_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    trace_key  INTEGER NOT NULL,
    segment_id INTEGER NOT NULL,
    offset     INTEGER NOT NULL,
    length     INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    -- When the last of its entries arrived.
    arrival_ns INTEGER NOT NULL,
    -- The packed columns of its entries (see columns.rs).
    columns    BLOB    NOT NULL
) STRICT;
CREATE INDEX block_by_trace ON block (trace_key, block_id);

-- Files of the word and attribute index; each covers the blocks first..=last that existed when it was written.
CREATE TABLE posting_part (
    part_id        INTEGER PRIMARY KEY AUTOINCREMENT,
    first_block_id INTEGER NOT NULL,
    last_block_id  INTEGER NOT NULL,
    bytes          INTEGER NOT NULL
) STRICT;

INSERT INTO experiment (experiment_id, name, artifact_location, created_ns, last_updated_ns)
VALUES (0, 'Default', 'mlflow-artifacts:/0', 0, 0);
