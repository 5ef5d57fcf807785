-- Bytes out of messages, such as images, each in a file of its own below attachments/.
CREATE TABLE attachment (
    -- SHA-256 of the bytes, and the file's name.
    hash       BLOB    NOT NULL PRIMARY KEY,
    bytes      INTEGER NOT NULL,
    created_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which traces have messages that refer to them. A row of attachment goes with the last of its uses.
CREATE TABLE attachment_use (
    trace_key INTEGER NOT NULL REFERENCES trace ON DELETE CASCADE,
    hash      BLOB    NOT NULL REFERENCES attachment,
    PRIMARY KEY (trace_key, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_use_by_hash ON attachment_use (hash);

-- Files whose row went, until they are removed.
CREATE TABLE attachment_removal (
    hash BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
