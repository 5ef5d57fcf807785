-- Review queues, and the traces in them.

CREATE TABLE review_queue (
    queue_key       INTEGER PRIMARY KEY AUTOINCREMENT,
    queue_id        TEXT    NOT NULL UNIQUE,
    experiment_id   INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    -- The name in lower case: names differ by more than case.
    name_key        TEXT    NOT NULL,
    -- 1 that of the user whose name it has, 0 any other.
    is_user         INTEGER NOT NULL,
    created_by      TEXT,
    -- JSON list of the ids of label schemas; these need not exist any more.
    schema_ids      TEXT    NOT NULL,
    created_ns      INTEGER NOT NULL,
    last_updated_ns INTEGER NOT NULL,
    UNIQUE (experiment_id, name_key)
) STRICT;

CREATE TABLE review_queue_user (
    queue_key INTEGER NOT NULL REFERENCES review_queue ON DELETE CASCADE,
    user      TEXT    NOT NULL,
    -- Their order.
    place     INTEGER NOT NULL,
    PRIMARY KEY (queue_key, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE review_item (
    queue_key       INTEGER NOT NULL REFERENCES review_queue ON DELETE CASCADE,
    trace_key       INTEGER NOT NULL REFERENCES trace ON DELETE CASCADE,
    -- MLflow's name.
    status          TEXT    NOT NULL,
    completed_by    TEXT,
    completed_ns    INTEGER,
    created_ns      INTEGER NOT NULL,
    last_updated_ns INTEGER NOT NULL,
    PRIMARY KEY (queue_key, trace_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX review_item_by_trace ON review_item (trace_key);
