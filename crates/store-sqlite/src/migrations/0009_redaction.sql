-- What is replaced in the texts that are sent to an experiment, for those that have rules of their own.
CREATE TABLE redaction (
    experiment_id INTEGER PRIMARY KEY REFERENCES experiment ON DELETE CASCADE,
    -- As it was set; the engine does not read it.
    rules         TEXT    NOT NULL
) STRICT;
