-- What each change of a dataset's records was, and how records were last made of traces.

ALTER TABLE dataset ADD COLUMN mapping TEXT;

CREATE TABLE dataset_change (
    dataset_key INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
    -- The version that it made.
    version     INTEGER NOT NULL,
    -- NULL of deletions before this table was kept.
    at_ns       INTEGER,
    user        TEXT,
    added       INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    removed     INTEGER NOT NULL,
    PRIMARY KEY (dataset_key, version)
) STRICT, WITHOUT ROWID;

INSERT INTO dataset_change (dataset_key, version, at_ns, user, added, changed, removed)
SELECT dataset_key, version, max(at_ns), max(user), sum(added), sum(changed), sum(removed)
FROM (
    SELECT now.dataset_key AS dataset_key, now.since AS version, now.last_updated_ns AS at_ns,
           now.last_updated_by AS user, was.since IS NULL AS added, was.since IS NOT NULL AS changed, 0 AS removed
    FROM dataset_record AS now
    LEFT JOIN dataset_record AS was
        ON was.dataset_key = now.dataset_key AND was.position = now.position AND was.until = now.since
    UNION ALL
    SELECT was.dataset_key, was.until, NULL, NULL, 0, 0, 1
    FROM dataset_record AS was
    LEFT JOIN dataset_record AS now
        ON now.dataset_key = was.dataset_key AND now.position = was.position AND now.since = was.until
    WHERE was.until IS NOT NULL AND now.since IS NULL
)
GROUP BY dataset_key, version;
