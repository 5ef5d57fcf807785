-- The model registry: registered models, which prompts are, and their versions.

CREATE TABLE registered_model (
    model_key       INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT    NOT NULL UNIQUE,
    created_ns      INTEGER NOT NULL,
    last_updated_ns INTEGER NOT NULL,
    description     TEXT,
    -- The largest number that a version ever had, so that none is used again.
    last_version    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE registered_model_tag (
    model_key INTEGER NOT NULL REFERENCES registered_model ON DELETE CASCADE,
    key       TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    PRIMARY KEY (model_key, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_version (
    version_key      INTEGER PRIMARY KEY,
    model_key        INTEGER NOT NULL REFERENCES registered_model ON DELETE CASCADE,
    version          INTEGER NOT NULL,
    created_ns       INTEGER NOT NULL,
    last_updated_ns  INTEGER NOT NULL,
    -- MLflow's name of the stage.
    stage            TEXT    NOT NULL,
    description      TEXT,
    source           TEXT    NOT NULL,
    storage_location TEXT    NOT NULL,
    run_id           TEXT    NOT NULL,
    run_link         TEXT    NOT NULL,
    model_id         TEXT    NOT NULL,
    UNIQUE (model_key, version)
) STRICT;
CREATE INDEX model_version_by_stage ON model_version (model_key, stage, version);
CREATE INDEX model_version_by_update ON model_version (last_updated_ns DESC);

CREATE TABLE model_version_tag (
    version_key INTEGER NOT NULL REFERENCES model_version ON DELETE CASCADE,
    key         TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    PRIMARY KEY (version_key, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_alias (
    model_key   INTEGER NOT NULL REFERENCES registered_model ON DELETE CASCADE,
    alias       TEXT    NOT NULL,
    version_key INTEGER NOT NULL REFERENCES model_version ON DELETE CASCADE,
    PRIMARY KEY (model_key, alias)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_alias_by_version ON model_alias (version_key);
