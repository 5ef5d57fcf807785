-- Scoring in the server: which traces wait to settle, what is to be scored, and what came of it.

-- What is set and known of a scorer beside its versions.
CREATE TABLE scoring (
    scorer_key      INTEGER PRIMARY KEY REFERENCES scorer ON DELETE CASCADE,
    -- Traces with greater keys arrived after it was started.
    after_trace_key INTEGER NOT NULL DEFAULT 0,
    -- NULL for no bound.
    usd_per_day     REAL,
    usd_in_all      REAL,
    calls_per_day   INTEGER,
    last_scored_ns  INTEGER,
    last_error      TEXT,
    last_error_trace TEXT,
    last_error_ns   INTEGER
) STRICT;

-- Traces with keys up to this were looked at when they arrived. One row.
CREATE TABLE scoring_cursor (
    id        INTEGER PRIMARY KEY CHECK (id = 0),
    trace_key INTEGER NOT NULL
) STRICT;
INSERT INTO scoring_cursor (id, trace_key) VALUES (0, 0);

-- Traces that have arrived and may still change.
CREATE TABLE scoring_arrival (
    trace_key INTEGER PRIMARY KEY,
    seen_ns   INTEGER NOT NULL,
    -- When to look at it.
    due_ns    INTEGER NOT NULL
) STRICT;
CREATE INDEX scoring_arrival_by_due ON scoring_arrival (due_ns);

CREATE TABLE scoring_backfill (
    backfill_key INTEGER PRIMARY KEY AUTOINCREMENT,
    backfill_id  TEXT    NOT NULL UNIQUE,
    scorer_key   INTEGER NOT NULL REFERENCES scorer ON DELETE CASCADE,
    filter       TEXT,
    -- 1 to score again what was scored by the same version.
    again        INTEGER NOT NULL,
    -- How many traces at most; NULL for all.
    traces_max   INTEGER,
    -- 0 running, 1 done, 2 cancelled, 3 failed.
    state        INTEGER NOT NULL DEFAULT 0,
    -- Where the search goes on; NULL at the beginning.
    cursor       TEXT,
    -- 1 once the search is over, and only queued traces are left.
    searched     INTEGER NOT NULL DEFAULT 0,
    total        INTEGER NOT NULL,
    queued       INTEGER NOT NULL DEFAULT 0,
    scored       INTEGER NOT NULL DEFAULT 0,
    failed       INTEGER NOT NULL DEFAULT 0,
    skipped      INTEGER NOT NULL DEFAULT 0,
    created_ns   INTEGER NOT NULL,
    ended_ns     INTEGER,
    error        TEXT
) STRICT;
CREATE INDEX scoring_backfill_by_scorer ON scoring_backfill (scorer_key, backfill_key);

-- What is to be scored. The trace may be gone by then.
CREATE TABLE scoring_task (
    scorer_key   INTEGER NOT NULL REFERENCES scorer ON DELETE CASCADE,
    trace_key    INTEGER NOT NULL,
    -- NULL for a trace that was scored since it arrived.
    backfill_key INTEGER REFERENCES scoring_backfill ON DELETE CASCADE,
    -- Attempts that failed.
    attempts     INTEGER NOT NULL DEFAULT 0,
    queued_ns    INTEGER NOT NULL,
    due_ns       INTEGER NOT NULL,
    PRIMARY KEY (scorer_key, trace_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX scoring_task_by_due ON scoring_task (scorer_key, due_ns, trace_key);
CREATE INDEX scoring_task_by_backfill ON scoring_task (backfill_key) WHERE backfill_key IS NOT NULL;

-- What a scorer did on a day, since 1970, UTC.
CREATE TABLE scoring_day (
    scorer_key     INTEGER NOT NULL REFERENCES scorer ON DELETE CASCADE,
    day            INTEGER NOT NULL,
    scored         INTEGER NOT NULL DEFAULT 0,
    -- Of the scored, those whose score is a pass or not, and those that passed.
    judged         INTEGER NOT NULL DEFAULT 0,
    passed         INTEGER NOT NULL DEFAULT 0,
    failed         INTEGER NOT NULL DEFAULT 0,
    -- Calls of a model, and those of them whose cost is not known.
    calls          INTEGER NOT NULL DEFAULT 0,
    unpriced_calls INTEGER NOT NULL DEFAULT 0,
    input_tokens   INTEGER NOT NULL DEFAULT 0,
    output_tokens  INTEGER NOT NULL DEFAULT 0,
    usd            REAL    NOT NULL DEFAULT 0,
    PRIMARY KEY (scorer_key, day)
) STRICT, WITHOUT ROWID;

-- Traces that a scorer passed over, by reason.
CREATE TABLE scoring_skip (
    scorer_key INTEGER NOT NULL REFERENCES scorer ON DELETE CASCADE,
    reason     TEXT    NOT NULL,
    traces     INTEGER NOT NULL,
    PRIMARY KEY (scorer_key, reason)
) STRICT, WITHOUT ROWID;
