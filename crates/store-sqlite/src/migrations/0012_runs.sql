-- Runs and what is logged to them.

CREATE TABLE run (
    run_key       INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id        TEXT    NOT NULL UNIQUE,
    experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
    name          TEXT    NOT NULL,
    user          TEXT    NOT NULL,
    -- MLflow's name of the status.
    status        TEXT    NOT NULL,
    start_ns      INTEGER NOT NULL,
    end_ns        INTEGER,
    artifact_uri  TEXT    NOT NULL,
    -- 1 deleted, 2 deleted with its experiment, and to be restored with it.
    deleted       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX run_by_start ON run (experiment_id, start_ns DESC, run_id);

CREATE TABLE run_tag (
    run_key INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    key     TEXT    NOT NULL,
    value   TEXT    NOT NULL,
    PRIMARY KEY (run_key, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_param (
    run_key INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    key     TEXT    NOT NULL,
    value   TEXT    NOT NULL,
    PRIMARY KEY (run_key, key)
) STRICT, WITHOUT ROWID;

-- The latest value of each metric of each run, so that no page and no search reads a history.
CREATE TABLE run_metric (
    metric_key   INTEGER PRIMARY KEY,
    run_key      INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    key          TEXT    NOT NULL,
    -- NULL is not a number.
    value        REAL,
    timestamp_ns INTEGER NOT NULL,
    step         INTEGER NOT NULL,
    UNIQUE (run_key, key)
) STRICT;

CREATE TABLE metric_point (
    metric_key   INTEGER NOT NULL REFERENCES run_metric ON DELETE CASCADE,
    timestamp_ns INTEGER NOT NULL,
    step         INTEGER NOT NULL,
    -- 0 and is_nan = 1 is not a number: a part of a primary key can't be NULL.
    value        REAL    NOT NULL,
    is_nan       INTEGER NOT NULL,
    PRIMARY KEY (metric_key, timestamp_ns, step, value, is_nan)
) STRICT, WITHOUT ROWID;

-- The datasets of an experiment as its runs described them.
CREATE TABLE run_dataset (
    dataset_key   INTEGER PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
    name          TEXT    NOT NULL,
    digest        TEXT    NOT NULL,
    source_type   TEXT    NOT NULL,
    source        TEXT    NOT NULL,
    schema        TEXT,
    profile       TEXT,
    UNIQUE (experiment_id, name, digest)
) STRICT;

CREATE TABLE run_input (
    run_key     INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    dataset_key INTEGER NOT NULL REFERENCES run_dataset ON DELETE CASCADE,
    -- JSON object of strings.
    tags        TEXT    NOT NULL,
    -- tags['mlflow.data.context'], which filters compare with.
    context     TEXT,
    PRIMARY KEY (run_key, dataset_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_input_by_dataset ON run_input (dataset_key);

-- Logged models that a run used (kind 0) or made (kind 1); they need not exist.
CREATE TABLE run_model (
    run_key  INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    kind     INTEGER NOT NULL,
    model_id TEXT    NOT NULL,
    step     INTEGER NOT NULL,
    PRIMARY KEY (run_key, kind, model_id, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_model_by_model ON run_model (model_id);
