-- Issues. Which traces are linked to one is told by assessments of kind 2 whose name is its id.

CREATE TABLE issue (
    issue_id        TEXT    PRIMARY KEY,
    experiment_id   INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    -- MLflow's name.
    status          TEXT    NOT NULL,
    -- 0 not an issue, 1 low, 2 medium, 3 high; NULL if nobody said.
    severity        INTEGER,
    -- JSON lists of strings.
    root_causes     TEXT    NOT NULL,
    categories      TEXT    NOT NULL,
    source_run_id   TEXT,
    created_by      TEXT,
    created_ns      INTEGER NOT NULL,
    last_updated_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX issue_by_experiment ON issue (experiment_id, created_ns);
