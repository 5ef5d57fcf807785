-- Registered scorers, and how they run on traces as they arrive.

CREATE TABLE scorer (
    scorer_key    INTEGER PRIMARY KEY AUTOINCREMENT,
    scorer_id     TEXT    NOT NULL UNIQUE,
    experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
    name          TEXT    NOT NULL,
    -- The number of the newest version that there has been.
    last_version  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (experiment_id, name)
) STRICT;

CREATE TABLE scorer_version (
    scorer_key INTEGER NOT NULL REFERENCES scorer ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    -- JSON that the client wrote.
    serialized TEXT    NOT NULL,
    created_ns INTEGER NOT NULL,
    PRIMARY KEY (scorer_key, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE online_scoring (
    scorer_key  INTEGER PRIMARY KEY REFERENCES scorer ON DELETE CASCADE,
    config_id   TEXT    NOT NULL UNIQUE,
    -- 0 to 1.
    sample_rate REAL    NOT NULL,
    -- A filter of traces; NULL for all.
    filter      TEXT
) STRICT;
