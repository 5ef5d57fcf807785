-- Work on review queues: who holds which trace, and what reviewers did with it.

CREATE TABLE review_work (
    queue_key     INTEGER NOT NULL,
    trace_key     INTEGER NOT NULL,
    reviewer      TEXT    NOT NULL,
    -- When the trace was handed out.
    since_ns      INTEGER NOT NULL,
    -- Until when the reviewer holds it; NULL if not at all.
    held_until_ns INTEGER,
    -- How the work ended, and when; NULL while it has not.
    outcome       TEXT,
    finished_ns   INTEGER,
    -- JSON list of the ids of the assessments that the answers became.
    assessments   TEXT    NOT NULL,
    PRIMARY KEY (queue_key, trace_key, reviewer),
    FOREIGN KEY (queue_key, trace_key) REFERENCES review_item ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX review_work_by_reviewer ON review_work (queue_key, reviewer, since_ns);

-- The order in which traces are handed out.
CREATE INDEX review_item_by_status ON review_item (queue_key, status, created_ns, trace_key);

-- Which traces belong to a version of an application.
CREATE INDEX trace_metadata_by_model ON trace_metadata (value, trace_key) WHERE key = 'mlflow.modelId';
