-- The list of prices that is over the built-in one, in the format of spanwise-genai; no row if there is none.
CREATE TABLE price_list (
    list_id    INTEGER PRIMARY KEY CHECK (list_id = 1),
    updated_ns INTEGER NOT NULL,
    text       TEXT    NOT NULL
) STRICT;

-- Prices that somebody set. experiment_id -1: for all experiments; provider '': at any.
CREATE TABLE price_override (
    experiment_id INTEGER NOT NULL,
    provider      TEXT    NOT NULL,
    model         TEXT    NOT NULL,
    -- As JSON, in US dollars a million tokens.
    prices        TEXT    NOT NULL,
    PRIMARY KEY (experiment_id, provider, model)
) STRICT, WITHOUT ROWID;
