-- Webhooks, and what is still to be delivered to them.

CREATE TABLE webhook (
    webhook_key     INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id      TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    description     TEXT,
    url             TEXT    NOT NULL,
    -- As it was given: it signs each delivery, so that no hash of it would do.
    secret          TEXT,
    active          INTEGER NOT NULL,
    created_ns      INTEGER NOT NULL,
    last_updated_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook_event (
    webhook_key INTEGER NOT NULL REFERENCES webhook ON DELETE CASCADE,
    entity      TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    PRIMARY KEY (entity, action, webhook_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_event_by_webhook ON webhook_event (webhook_key);

CREATE TABLE webhook_delivery (
    delivery_key INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id  TEXT    NOT NULL UNIQUE,
    webhook_key  INTEGER NOT NULL REFERENCES webhook ON DELETE CASCADE,
    entity       TEXT    NOT NULL,
    action       TEXT    NOT NULL,
    event_ns     INTEGER NOT NULL,
    -- JSON object.
    data         TEXT    NOT NULL,
    -- Attempts that failed.
    attempts     INTEGER NOT NULL DEFAULT 0,
    due_ns       INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_delivery_by_due ON webhook_delivery (webhook_key, due_ns);
