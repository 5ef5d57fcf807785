-- Logged models: the versions of an application.

CREATE TABLE logged_model (
    model_key       INTEGER PRIMARY KEY AUTOINCREMENT,
    model_id        TEXT    NOT NULL UNIQUE,
    experiment_id   INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    model_type      TEXT    NOT NULL,
    -- The run that made it, which need not exist; empty for none.
    source_run_id   TEXT    NOT NULL,
    -- MLflow's name of the status.
    status          TEXT    NOT NULL,
    created_ns      INTEGER NOT NULL,
    last_updated_ns INTEGER NOT NULL,
    artifact_uri    TEXT    NOT NULL,
    deleted         INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX logged_model_by_created ON logged_model (experiment_id, created_ns DESC, model_id);

CREATE TABLE logged_model_param (
    model_key INTEGER NOT NULL REFERENCES logged_model ON DELETE CASCADE,
    key       TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    PRIMARY KEY (model_key, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE logged_model_tag (
    model_key INTEGER NOT NULL REFERENCES logged_model ON DELETE CASCADE,
    key       TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    PRIMARY KEY (model_key, key)
) STRICT, WITHOUT ROWID;

-- The latest value of each metric of each model on each dataset ('' for none).
CREATE TABLE logged_model_metric (
    model_key      INTEGER NOT NULL REFERENCES logged_model ON DELETE CASCADE,
    key            TEXT    NOT NULL,
    dataset_name   TEXT    NOT NULL,
    dataset_digest TEXT    NOT NULL,
    -- NULL is not a number.
    value          REAL,
    timestamp_ns   INTEGER NOT NULL,
    step           INTEGER NOT NULL,
    -- The run that measured it, which need not exist.
    run_id         TEXT    NOT NULL,
    PRIMARY KEY (model_key, key, dataset_name, dataset_digest)
) STRICT, WITHOUT ROWID;
