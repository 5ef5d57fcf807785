-- Label schemas: questions to reviewers.

CREATE TABLE label_schema (
    schema_id       TEXT    PRIMARY KEY,
    experiment_id   INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    -- MLflow's name.
    type            TEXT    NOT NULL,
    instruction     TEXT,
    enable_comment  INTEGER NOT NULL,
    -- JSON object with one entry: the kind of input, and what belongs to it.
    input           TEXT    NOT NULL,
    is_default      INTEGER NOT NULL,
    created_ns      INTEGER NOT NULL,
    last_updated_ns INTEGER NOT NULL,
    UNIQUE (experiment_id, name)
) STRICT;
