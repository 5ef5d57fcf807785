-- Where in the preview the input or output of a trace is written too (see shared_text.rs): its text column is then only
-- the rest. NULL: the text column is all of it.
ALTER TABLE trace ADD COLUMN input_place INTEGER;
ALTER TABLE trace ADD COLUMN output_place INTEGER;
