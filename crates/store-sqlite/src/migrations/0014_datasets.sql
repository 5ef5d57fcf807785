-- Evaluation datasets. Every version of every record stays.

CREATE TABLE dataset (
    dataset_key     INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset_id      TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    -- JSON object: the types of the fields that records have had.
    schema          TEXT,
    record_count    INTEGER NOT NULL DEFAULT 0,
    -- The number of the last change of its records.
    version         INTEGER NOT NULL DEFAULT 0,
    created_ns      INTEGER NOT NULL,
    last_updated_ns INTEGER NOT NULL,
    created_by      TEXT,
    last_updated_by TEXT
) STRICT;
CREATE INDEX dataset_by_created ON dataset (created_ns DESC, dataset_id);

CREATE TABLE dataset_tag (
    dataset_key INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
    key         TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    PRIMARY KEY (dataset_key, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset_experiment (
    dataset_key   INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
    experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
    PRIMARY KEY (dataset_key, experiment_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_by_experiment ON dataset_experiment (experiment_id);

-- One version of a record, from dataset version `since` on, until `until` (NULL while it is current).
CREATE TABLE dataset_record (
    dataset_key     INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
    -- Counts the records of all datasets in the order in which they came; the same in all versions of a record.
    position        INTEGER NOT NULL,
    since           INTEGER NOT NULL,
    until           INTEGER,
    record_id       TEXT    NOT NULL,
    -- Of the inputs as canonical JSON.
    inputs_hash     INTEGER NOT NULL,
    inputs          TEXT    NOT NULL,
    -- JSON; NULL for none.
    outputs         TEXT,
    -- JSON objects.
    expectations    TEXT    NOT NULL,
    tags            TEXT    NOT NULL,
    source_type     TEXT,
    source_data     TEXT,
    created_ns      INTEGER NOT NULL,
    last_updated_ns INTEGER NOT NULL,
    created_by      TEXT,
    last_updated_by TEXT,
    PRIMARY KEY (dataset_key, position, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_record_by_inputs ON dataset_record (dataset_key, inputs_hash) WHERE until IS NULL;
CREATE INDEX dataset_record_by_position ON dataset_record (position);
CREATE INDEX dataset_record_by_id ON dataset_record (record_id);
