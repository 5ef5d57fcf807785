// Generated from docs/openapi.json by `npm run generate`.

export interface paths {
    "/api/v1/attachments/{hash}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns an attachment
         * @description The bytes of an image, a sound or a file out of a message. They never change. `Range: bytes=a-b` and `bytes=a-` are
         *     understood. Only known images, sounds and MP4 are shown by a browser; all else is a download of no type.
         */
        get: operations["traces_get_attachment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/backup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Streams all files of the store as of now
         * @description Frames of one byte (`J`: JSON, `D`: bytes of a file), a length of four bytes, the lowest first, and the contents.
         *     `start` comes first; then for each file `unchanged`, or `file`, its bytes and `end`; at last `done` or `error`. An
         *     answer without `done` is no whole backup. `spanwise backup` reads it.
         */
        post: operations["server_backup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reads everything as it is now, and verifies it
         * @description Answers with lines of JSON: progress, and at last `result` or `error`. It reads a copy of the index, for which there
         *     must be room in the data directory; writes and searches go on, and no file is removed meanwhile. A client that goes
         *     away ends it.
         */
        post: operations["server_check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/compact": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rewrites what lies apart or is partly deleted, and gives the disk back what nothing needs
         * @description Answers with lines of JSON: progress, and at last `result` or `error`. A client that goes away ends the work after
         *     the step that it is in; what is done stays done.
         */
        post: operations["server_compact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists datasets
         * @description The newest first, at most 1,000.
         */
        get: operations["datasets_list"];
        put?: never;
        /** Creates a dataset */
        post: operations["datasets_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets/{dataset_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a dataset */
        get: operations["datasets_get_one"];
        put?: never;
        post?: never;
        /** Deletes a dataset with all of its versions */
        delete: operations["datasets_delete"];
        options?: never;
        head?: never;
        /**
         * Renames a dataset, and changes its experiments and tags
         * @description What is left out stays.
         */
        patch: operations["datasets_update"];
        trace?: never;
    };
    "/api/v1/datasets/{dataset_id}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compares two versions of a dataset
         * @description All records of which the two have different contents. A record that came and went in between is none of them.
         */
        get: operations["datasets_diff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets/{dataset_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Exports the records of a dataset
         * @description `jsonl` has an object a record; `csv` a column for each field of inputs and expectations, whose cells are JSON where
         *     they are no text; `parquet` a column for each part of a record, as JSON texts. An import of any gives the same records.
         */
        get: operations["datasets_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets/{dataset_id}/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Imports records from a file
         * @description Merges them as `POST …/records` does, in one version. Columns named like fields of a record (`inputs.question`,
         *     `expectations.expected_response`, `outputs`, `tags`) go there; `column` says where others do. A row that can't be taken is named in
         *     the answer with its number, and the others are kept. With `dry_run` nothing is changed, and the first 20 records are shown.
         */
        post: operations["datasets_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets/{dataset_id}/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the records of a dataset
         * @description Short texts of each; the whole record has a route of its own, and an export has all of them whole.
         */
        get: operations["datasets_list_records"];
        put?: never;
        /**
         * Adds records
         * @description A record whose inputs one has already is merged into it: expectations and tags by key, outputs if there are any.
         */
        post: operations["datasets_add_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets/{dataset_id}/records/{record_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a record */
        get: operations["datasets_get_record"];
        /**
         * Edits a record
         * @description Replaces all of it. If it was changed since the version that was read, nothing is done, and the answer holds what it is
         *     now. Another record with the same inputs is a conflict too.
         */
        put: operations["datasets_edit_record"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets/{dataset_id}/records/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deletes records
         * @description Older versions of the dataset keep them.
         */
        post: operations["datasets_delete_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets/{dataset_id}/traces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Adds records made of traces or spans
         * @description Each trace gives a record by its root span, each span that is named one of its own. A mapping says which of their
         *     fields become which of the record's, and is remembered for the next time. With `dry_run` the first 20 are
         *     shown, with what adding them would do, and the fields that there are.
         */
        post: operations["datasets_add_traces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets/{dataset_id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the versions of a dataset
         * @description The newest first: when, by whom, and how many records were added, changed and removed.
         */
        get: operations["datasets_list_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists experiments
         * @description The one with the newest trace first; those without traces by name, after the others.
         */
        get: operations["experiments_list"];
        put?: never;
        /** Creates an experiment */
        post: operations["experiments_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/{experiment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Deletes an experiment
         * @description Its traces are kept, and it can be restored.
         */
        delete: operations["experiments_delete"];
        options?: never;
        head?: never;
        /** Renames an experiment */
        patch: operations["experiments_rename"];
        trace?: never;
    };
    "/api/v1/experiments/{experiment_id}/redaction": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the rules of an experiment
         * @description With how much they replaced since the server started.
         */
        get: operations["redaction_get"];
        /**
         * Gives an experiment rules of its own
         * @description They hold for all that is sent from then on; what is stored already stays as it is. Rules that look for nothing turn
         *     the default ones off.
         */
        put: operations["redaction_set"];
        post?: never;
        /**
         * Takes the rules of an experiment away
         * @description The default ones hold from then on.
         */
        delete: operations["redaction_remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/{experiment_id}/redaction/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tries rules on a text
         * @description Nothing is stored or counted.
         */
        post: operations["redaction_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/{experiment_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Restores a deleted experiment */
        post: operations["experiments_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Exports traces
         * @description Lines of JSON, experiment by experiment (by name), the oldest trace of each first. `jsonl` holds whole records (tags, metadata, assessments, links) and spans as
         *     OTLP/JSON; spans that JSON can't give back byte for byte also come as base64 of an OTLP request. `otlp-json` holds
         *     an `ExportTraceServiceRequest` a line. A large trace takes several lines.
         */
        get: operations["export_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/filter": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Checks a filter and an order */
        get: operations["filter_check"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/filter/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Completes a filter
         * @description What may stand at byte `cursor` of the filter `text`: fields, operators, values that the selected experiments
         *     hold, and the words of the language.
         */
        get: operations["filter_completion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Imports traces
         * @description Takes the lines of an export of either format, plain or compressed (`gzip`, `deflate`, `zstd`), of any length. The
         *     same lines again change nothing. A line that can't be taken is named in the answer, and the others are kept.
         */
        post: operations["export_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Describes the server */
        get: operations["server_info"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Adds up calls of models over time
         * @description Calls, errors, tokens, cost and latency by when each call started, by model unless `group_by` says otherwise. A call
         *     is a span that names a model and does not wrap others. Tokens and cost are those that count in their traces; what a
         *     wrapper without a model reports in place of its calls is a group without a name. With a filter, the calls of the
         *     newest matching traces count.
         */
        get: operations["metrics_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics/traces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Adds up traces over time
         * @description Count, errors, tokens, cost and latency of traces by when they started, from the last 24 hours unless `from` says
         *     otherwise. Without a filter it is read from sums that are kept while spans arrive, however many traces there are.
         */
        get: operations["metrics_traces"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Says which prices are in force */
        get: operations["prices_get_state"];
        /**
         * Puts a list of prices over the built-in one
         * @description The body is a list in our own format (see docs/costs.md), or litellm's `model_prices_and_context_window.json` as it
         *     is. A row that can't be used is named in the answer, and the others are taken. It replaces the list of the last
         *     update. Spans that arrive from then on are priced with it; what is stored keeps its cost.
         */
        put: operations["prices_update"];
        post?: never;
        /**
         * Goes back to the built-in list
         * @description Prices that were set stay.
         */
        delete: operations["prices_reset"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prices/match": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Finds the prices of a model, step by step */
        get: operations["prices_find"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prices/overrides": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Sets the prices of a model
         * @description They win over every list, those of an experiment over those for all. They replace what was set for the same model,
         *     provider and experiment. Spans that arrive from then on are priced with them; what is stored keeps its cost.
         */
        put: operations["prices_set"];
        post?: never;
        /** Removes prices that were set */
        delete: operations["prices_unset"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prices/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists rows of the list in force */
        get: operations["prices_rows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prompts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists prompts
         * @description By name, at most 1,000.
         */
        get: operations["prompts_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prompts/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns a prompt with its versions
         * @description The newest first, at most 1,000.
         */
        get: operations["prompts_get_one"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prompts/{name}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a version of a prompt with its text */
        get: operations["prompts_get_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redaction": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the detectors and the default rules */
        get: operations["redaction_info"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/renormalize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Derives again what stored traces and spans say, by the conventions and prices that are known now
         * @description Bytes of spans, tags, assessments and what clients gave stay. Answers with lines of JSON: progress in traces, and at
         *     last `result` or `error`. Writes and searches go on meanwhile. A client that goes away ends the work after the step
         *     that it is in; what is done stays done, and a second run changes only the rest.
         */
        post: operations["server_renormalize"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Says how long traces stay, and what retention did */
        get: operations["server_retention"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists runs
         * @description One page of the active runs of some experiments, evaluations and others.
         */
        get: operations["runs_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns one run */
        get: operations["runs_get_one"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the results of a run
         * @description A row for each trace of the run with its scores, and each scorer's mean. With a baseline, rows that were asked the
         *     same stand side by side, and each column says by how much the runs differ and how probable that is by chance.
         */
        get: operations["runs_get_results"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists sessions
         * @description Sessions (conversations) that selected traces belong to, the one with the newest trace first. Their figures count
         *     the selected traces only.
         */
        get: operations["sessions_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists traces
         * @description One page of the selected traces. A page token is good for the same filter and order only, and stays valid while
         *     traces arrive.
         */
        get: operations["traces_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns one trace's record */
        get: operations["traces_get_one"];
        put?: never;
        post?: never;
        /** Deletes a trace */
        delete: operations["traces_delete_one"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/assessments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Adds an assessment to a trace */
        post: operations["assessments_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/assessments/{assessment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Deletes an assessment
         * @description The one that it overrode is valid again.
         */
        delete: operations["assessments_delete"];
        options?: never;
        head?: never;
        /** Changes an assessment */
        patch: operations["assessments_change"];
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/otlp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the spans of a trace as they were received
         * @description An OTLP `ExportTraceServiceRequest`: as OTLP/JSON if `Accept` asks for `application/json`, else as protobuf.
         */
        get: operations["traces_export_trace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/previews": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns short texts of spans
         * @description What a person reads of their inputs, outputs and errors, each at most 300 characters.
         */
        get: operations["traces_previews"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/spans/{span_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a span with its body */
        get: operations["traces_get_span"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/spans/{span_id}/attributes/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns one attribute whole
         * @description A text as `text/plain`, anything else as JSON.
         */
        get: operations["traces_get_attribute"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/tags/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets a tag of a trace */
        put: operations["traces_set_tag"];
        post?: never;
        /** Removes a tag of a trace */
        delete: operations["traces_delete_tag"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/tree": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the structure of a trace
         * @description All spans without their bodies, in columns: about 50 bytes a span.
         */
        get: operations["traces_get_tree"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/usage-explained": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Says which spans a trace's tokens and cost come from
         * @description Lists every span that reports tokens or cost, with whether it counts in the trace's totals, and why.
         */
        get: operations["traces_explain_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Deletes the selected traces */
        post: operations["traces_delete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Counts the values of fields
         * @description For each field its most frequent values among the newest traces of the selection, with the number of traces that
         *     have them. `tags`, `metadata`, `feedback` and `expectation` stand for all their keys, each a facet of its own.
         *     `budget_ms` is as for the histogram; while `unfinished`, the same request goes on.
         */
        get: operations["traces_facets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/histogram": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Counts traces over time
         * @description The exact count of the selection, its course over time in buckets of a round width, its sums and percentiles.
         *     Where `from` or `to` is absent, the first or last matching trace ends the chart.
         *
         *     Some conditions need a look at spans: several on one span, several words, patterns. With `budget_ms` the answer comes
         *     after about that time, with what was found so far; while `open` is not 0, the same request goes on.
         */
        get: operations["traces_histogram"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Streams traces as they change
         * @description Server-sent events: `ready` first; then a `trace` with a `TraceSummary` each time that a selected trace is new or
         *     something about it changed. Resume with `Last-Event-ID`; a `reset` says that something may have been missed.
         */
        get: operations["traces_stream_traces"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets and removes tags of the selected traces */
        post: operations["traces_tag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An assessment. */
        Assessment: {
            /** @description Its id. */
            assessment_id: string;
            /** @description When it was made. */
            created_ns: string;
            error: components["schemas"]["AssessmentError"] | null;
            /** @description What it is. */
            kind: components["schemas"]["AssessmentKind"];
            /** @description When it changed last. */
            last_updated_ns: string;
            /** @description Anything else. */
            metadata: {
                [key: string]: string;
            };
            /** @description What is assessed. */
            name: string;
            /** @description The assessment that it overrides. */
            overrides: string | null;
            /** @description Why. */
            rationale: string | null;
            /** @description Who made it. */
            source: components["schemas"]["Source"];
            /** @description The span that it is about; null for the whole trace. */
            span_id: string | null;
            /** @description The trace that it is about. */
            trace_id: string;
            /** @description False once another one overrides it. */
            valid: boolean;
            /** @description Any JSON; null for feedback that only has an error. Of an issue its name. */
            value: unknown;
        };
        /** @description A change of an assessment; what is left out stays. */
        AssessmentChange: {
            /** @description Metadata to merge. */
            metadata?: {
                [key: string]: string;
            } | null;
            /** @description New name. */
            name?: string | null;
            /** @description New rationale; an empty one removes it. */
            rationale?: string | null;
            /** @description New value: any JSON but null. */
            value?: unknown;
        };
        /** @description Why a scorer could not give a value. */
        AssessmentError: {
            /** @description A short code. */
            error_code: string | null;
            /** @description What went wrong. */
            error_message: string | null;
            /** @description Where. */
            stack_trace: string | null;
        };
        /**
         * @description What an assessment is.
         * @enum {string}
         */
        AssessmentKind: "feedback" | "expectation" | "issue";
        /** @description An assessment as a list of traces shows it. */
        AssessmentSummary: {
            /** @description What it is. */
            kind: components["schemas"]["AssessmentKind"];
            /** @description What is assessed. */
            name: string;
            /** @description Who made it. */
            source: components["schemas"]["SourceType"];
            /** @description Any JSON; null for feedback that only has an error. */
            value: unknown;
        };
        /** @description An attribute. */
        Attribute: {
            /** @description Bytes of its text. */
            bytes: number;
            /** @description Whether it was left out for its size; its own route has it. */
            cut: boolean;
            /** @description Its key. */
            key: string;
            /** @description What it holds. */
            type: components["schemas"]["AttributeType"];
            /** @description The value; null if `cut`. Whole numbers beyond 2^53 are texts. */
            value: unknown;
        };
        /**
         * @description What an attribute holds.
         * @enum {string}
         */
        AttributeType: "string" | "bool" | "int" | "double" | "bytes" | "array" | "map" | "empty";
        /** @description A file of an earlier backup. */
        BackupFile: {
            /**
             * Format: int64
             * @description Its length.
             */
            bytes: number;
            /** @description Its path in the data directory. */
            path: string;
            /** @description Its XXH3 of 128 bits as hexadecimal digits. */
            xxh3: string;
        };
        /** @description The JSON in a frame of a backup; the bytes of files are in frames of their own. */
        BackupFrame: {
            /**
             * Format: int64
             * @description Their bytes.
             */
            bytes: number;
            /**
             * Format: int64
             * @description Files.
             */
            files: number;
            /** @enum {string} */
            item: "start";
        } | {
            /** @enum {string} */
            item: "unchanged";
            /** @description Its path. */
            path: string;
        } | {
            /**
             * Format: int64
             * @description Its length.
             */
            bytes: number;
            /** @enum {string} */
            item: "file";
            /** @description Its path. */
            path: string;
        } | {
            /** @enum {string} */
            item: "end";
            /** @description Its hash. */
            xxh3: string;
        } | {
            /** @enum {string} */
            item: "done";
        } | {
            /** @description Why. */
            error: string;
            /** @enum {string} */
            item: "error";
        };
        /** @description What whoever asks for a backup has already. */
        BackupRequest: {
            /**
             * @description Files of an earlier backup: one that is still the same is named, but not sent.
             * @default []
             */
            known: components["schemas"]["BackupFile"][];
        };
        /** @description An input or output. */
        Body: {
            /** @description Bytes of its JSON text. */
            bytes: number;
            /** @description Whether it is too large to be sent whole. */
            cut: boolean;
            /** @description JSON; a text that holds JSON was parsed. Of a body that is `cut`, the beginning of its JSON text. */
            value: unknown;
        };
        /** @description Which traces to delete. */
        BulkRequest: {
            /**
             * @description Must be true for a request that names neither filter, time nor traces.
             * @default false
             */
            all: boolean;
            /**
             * @description Count only.
             * @default false
             */
            dry_run: boolean;
            /**
             * @description Names or ids; none = all active experiments.
             * @default []
             */
            experiments: string[];
            /**
             * @description Of the filter language.
             * @default
             */
            filter: string;
            /**
             * @description Started at or after: milliseconds, ISO 8601 or `-1h`.
             * @default null
             */
            from: string | null;
            /**
             * @description Started before.
             * @default null
             */
            to: string | null;
            /**
             * @description Only these traces.
             * @default null
             */
            trace_ids: string[] | null;
        };
        /** @description What a bulk request did. */
        BulkResult: {
            /**
             * Format: int64
             * @description Traces that were changed or deleted; 0 in a dry run.
             */
            changed: number;
            /**
             * Format: int64
             * @description Traces that were selected.
             */
            matched: number;
        };
        /** @description Which traces to tag, and how. */
        BulkTagRequest: {
            /**
             * @description Must be true for a request that names neither filter, time nor traces.
             * @default false
             */
            all: boolean;
            /**
             * @description Count only.
             * @default false
             */
            dry_run: boolean;
            /**
             * @description Names or ids; none = all active experiments.
             * @default []
             */
            experiments: string[];
            /**
             * @description Of the filter language.
             * @default
             */
            filter: string;
            /**
             * @description Started at or after: milliseconds, ISO 8601 or `-1h`.
             * @default null
             */
            from: string | null;
            /**
             * @description Keys of tags to remove; a trace without one stays as it is.
             * @default []
             */
            remove: string[];
            /**
             * @description Tags to set.
             * @default {}
             */
            set: {
                [key: string]: string;
            };
            /**
             * @description Started before.
             * @default null
             */
            to: string | null;
            /**
             * @description Only these traces.
             * @default null
             */
            trace_ids: string[] | null;
        };
        /** @description A line while a store is checked; the last line holds `result` or `error`, all others progress. */
        CheckLine: components["schemas"]["ProgressLine"] | {
            /** @description What it found. */
            result: components["schemas"]["CheckResult"];
        } | {
            /** @description Why. */
            error: string;
        };
        /** @description What a check found. */
        CheckResult: {
            /**
             * Format: int64
             * @description Artifacts that were read; they have no checksum.
             */
            artifacts: number;
            /**
             * Format: int64
             * @description Attachments whose bytes were compared with their hashes.
             */
            attachments: number;
            /**
             * Format: int64
             * @description Blocks whose checksum and contents were verified.
             */
            blocks: number;
            /**
             * @description What is wrong, each naming the place and what it costs; at most 100, and a last one that says that there are
             *     more.
             */
            problems: string[];
            /**
             * Format: int64
             * @description Their spans.
             */
            spans: number;
            /**
             * Format: int64
             * @description Traces that were looked at.
             */
            traces: number;
        };
        /** @description A line while long work goes on; the last line holds `result` or `error`, all others progress. */
        CompactLine: components["schemas"]["ProgressLine"] | {
            /** @description What it changed. */
            result: components["schemas"]["CompactResult"];
        } | {
            /** @description Why. */
            error: string;
        };
        /** @description What a compaction changed. */
        CompactResult: {
            /** @description Bytes on the disk after. */
            after: components["schemas"]["DiskBytes"];
            /** @description Bytes on the disk before. */
            before: components["schemas"]["DiskBytes"];
            /**
             * Format: int64
             * @description Segment files that were removed.
             */
            removed_segments: number;
            /**
             * Format: int64
             * @description Traces whose spans were rewritten.
             */
            traces: number;
            /**
             * Format: int64
             * @description Traces that can't be read, and stay where they are.
             */
            unreadable_traces: number;
        };
        /** @description What may stand at a place of a filter. */
        Completion: {
            /** @description Where it ends, excluded. */
            end: number;
            /** @description The best first. */
            items: components["schemas"]["CompletionItem"][];
            /** @description Where the text begins that an accepted item replaces, in bytes. */
            start: number;
        };
        /** @description One proposal. */
        CompletionItem: {
            /**
             * Format: int64
             * @description Traces that have it, where known.
             */
            count: number | null;
            /** @description What it means, in a few words. */
            detail: string | null;
            /** @description What it is. */
            kind: components["schemas"]["CompletionItemKind"];
            /** @description What is inserted. */
            text: string;
        };
        /**
         * @description What an item is.
         * @enum {string}
         */
        CompletionItemKind: "field" | "operator" | "value" | "keyword";
        /** @description Cost in US dollars. */
        Cost: {
            /**
             * Format: double
             * @description For input tokens.
             */
            input: number;
            /**
             * Format: double
             * @description For output tokens.
             */
            output: number;
            /**
             * Format: double
             * @description Both.
             */
            total: number;
        };
        /** @description Tokens of a kind, and what they cost. */
        CostCharge: {
            /**
             * Format: double
             * @description US dollars.
             */
            cost: number;
            /**
             * @description `input`, `output`, `cache_read`, `cache_write`, `cache_write_1h`, `audio_input`, `audio_output`, `image_input`,
             *     `image_output` or `reasoning`.
             */
            kind: string;
            /**
             * Format: double
             * @description US dollars a million.
             */
            per_million: number;
            /**
             * Format: int64
             * @description How many.
             */
            tokens: number;
        };
        /** @description Cost of some rows. */
        CostColumns: {
            /** @description The rows, as deltas. */
            rows: number[];
            /** @description US dollars. */
            total: number[];
        };
        /** @description Why a span costs what it does. */
        CostReason: {
            /**
             * Format: int64
             * @description The number of input tokens above which these prices hold, if they are those of large requests.
             */
            above_tokens: number | null;
            /** @description The tokens of each kind, and what they cost at these prices. Of a reported cost, what they would cost. */
            charges: components["schemas"]["CostCharge"][];
            /**
             * @description Whether the cost is what the prices in force now make of it. It is kept as it was when the span came in, until what is
             *     stored is priced again.
             */
            is_current: boolean;
            /**
             * Format: double
             * @description The sum of the charges.
             */
            list_cost: number | null;
            match: components["schemas"]["PriceMatch"] | null;
            /** @description The service whose prices were taken, if not the standard one, e.g. `batch`. */
            service: string | null;
            /** @description `reported` by the span, `priced` by its tokens, or `unknown`. */
            source: string;
            /** @description The whole in a sentence. */
            text: string;
            unknown: components["schemas"]["PriceUnknown"] | null;
        };
        /** @description What a change did. */
        DatasetChangeResult: {
            /**
             * Format: int64
             * @description Records that were new.
             */
            added: number;
            /**
             * Format: int64
             * @description Records that were there and changed.
             */
            changed: number;
            /**
             * Format: int64
             * @description Records that are gone.
             */
            removed: number;
            /**
             * Format: int64
             * @description Records that were there, and the same.
             */
            unchanged: number;
            /**
             * Format: int64
             * @description The version of the dataset afterwards.
             */
            version: number;
        };
        /** @description A dataset with what its records look like. */
        DatasetDetail: {
            /** @description The dataset. */
            dataset: components["schemas"]["DatasetSummary"];
            /** @description The same of expectations. */
            expectation_fields: {
                [key: string]: string;
            };
            /** @description The fields that inputs have had, with the type of each when it was first seen. */
            input_fields: {
                [key: string]: string;
            };
            /** @description How records were last made of traces; null before the first time. */
            mapping: components["schemas"]["FieldMapping"][] | null;
        };
        /** @description A record in two versions; null where it is not there. */
        DatasetDifference: {
            after: components["schemas"]["DatasetRecord"] | null;
            before: components["schemas"]["DatasetRecord"] | null;
        };
        /** @description The answer of `GET /api/v1/datasets/{id}/diff`. */
        DatasetDifferences: {
            /**
             * Format: int64
             * @description Records that only `to` has.
             */
            added: number;
            /**
             * Format: int64
             * @description Records that both have, and differ.
             */
            changed: number;
            /**
             * Format: int64
             * @description The version that is compared with.
             */
            from: number;
            /** @description What to ask the next page with; null at the end. */
            next_page_token: string | null;
            /** @description The page. */
            records: components["schemas"]["DatasetDifference"][];
            /**
             * Format: int64
             * @description Records that only `from` has.
             */
            removed: number;
            /**
             * Format: int64
             * @description The version that is compared.
             */
            to: number;
        };
        /** @description The answer of `POST /api/v1/datasets/{id}/import`. */
        DatasetImportResult: {
            /** @description In a dry run: the first records. */
            candidates: components["schemas"]["RecordCandidate"][];
            /** @description The columns that rows have, the first 1,000. */
            columns: components["schemas"]["ImportColumn"][];
            /**
             * Format: int64
             * @description How many can't be.
             */
            problem_count: number;
            /** @description The first rows that can't be taken, at most 100. The others are kept. */
            problems: components["schemas"]["RecordProblem"][];
            /** @description What was done; in a dry run, what would be. */
            result: components["schemas"]["DatasetChangeResult"];
            /**
             * Format: int64
             * @description Rows or lines that were read.
             */
            rows: number;
        };
        /** @description The answer of `GET /api/v1/datasets`. */
        DatasetList: {
            /** @description Whether these are all. */
            complete: boolean;
            /** @description Datasets, the newest first. */
            datasets: components["schemas"]["DatasetSummary"][];
        };
        /** @description A whole record. */
        DatasetRecord: {
            /** @description Who made it. */
            created_by: string | null;
            /** @description When it was made. */
            created_ns: string;
            /** @description What is expected of an answer. */
            expectations: {
                [key: string]: unknown;
            };
            /** @description What the application is given. */
            inputs: {
                [key: string]: unknown;
            };
            /** @description Who changed it last. */
            last_updated_by: string | null;
            /** @description When it last changed. */
            last_updated_ns: string;
            /** @description What it answered; null if nothing is known. */
            outputs: unknown;
            /** @description Its id. */
            record_id: string;
            source: components["schemas"]["DatasetRecordSource"] | null;
            /** @description Its tags. */
            tags: {
                [key: string]: unknown;
            };
            /**
             * Format: int64
             * @description The version that made it what it is.
             */
            version: number;
        };
        /** @description A record as it shall be from now on. */
        DatasetRecordEdit: {
            /** @description What is expected of an answer. */
            expectations?: {
                [key: string]: unknown;
            };
            /** @description What the application is given; must not be empty. */
            inputs: {
                [key: string]: unknown;
            };
            /** @description What it answered; null for nothing. */
            outputs?: unknown;
            /** @description Its tags. */
            tags?: {
                [key: string]: unknown;
            };
            /** @description Who edits it. */
            user?: string | null;
            /**
             * Format: int64
             * @description The `version` of the record that was read and edited.
             */
            version: number;
        };
        /** @description The answer of `GET /api/v1/datasets/{id}/records`. */
        DatasetRecordList: {
            /** @description What to ask the next page with; null at the end. */
            next_page_token: string | null;
            /** @description The page, in the order in which the records came. */
            records: components["schemas"]["DatasetRecordPreview"][];
        };
        /** @description A record in a list: texts that a line has room for, at most 300 characters each. */
        DatasetRecordPreview: {
            /** @description What is expected of an answer; null if nothing is. */
            expectations: string | null;
            /** @description What the application is given. */
            inputs: string;
            /** @description Who changed it last. */
            last_updated_by: string | null;
            /** @description When it last changed. */
            last_updated_ns: string;
            /** @description What it answered. */
            outputs: string | null;
            /** @description Its id. */
            record_id: string;
            source: components["schemas"]["DatasetRecordSource"] | null;
            /** @description Its tags; null if it has none. */
            tags: string | null;
            /**
             * Format: int64
             * @description The version that made it what it is.
             */
            version: number;
        };
        /** @description Records to delete. */
        DatasetRecordRemoval: {
            /**
             * @description Their ids; those that are not there are passed over.
             * @default []
             */
            record_ids: string[];
            /**
             * @description Who deletes them.
             * @default null
             */
            user: string | null;
        };
        /** @description Where a record came from. */
        DatasetRecordSource: {
            /** @description All that is known of it. */
            data: {
                [key: string]: unknown;
            };
            /** @description The span; null if it is not known. */
            span_id: string | null;
            /** @description The trace; null if it is of none. */
            trace_id: string | null;
            /** @description `TRACE`, `HUMAN`, `DOCUMENT` or `CODE`. */
            type: string;
        };
        /** @description A dataset without its records. */
        DatasetSummary: {
            /** @description Who made it. */
            created_by: string | null;
            /** @description When it was made. */
            created_ns: string;
            /** @description Its id. */
            dataset_id: string;
            /** @description Tells this version from others, as MLflow's runs name it. */
            digest: string;
            /** @description The experiments that it belongs to. */
            experiment_ids: string[];
            /** @description Who changed it last. */
            last_updated_by: string | null;
            /** @description When it last changed. */
            last_updated_ns: string;
            /** @description Its name, which others may have too. */
            name: string;
            /**
             * Format: int64
             * @description How many records it has.
             */
            record_count: number;
            /** @description Its tags, without those that MLflow makes. */
            tags: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description The number of the last change of its records; 0 before the first.
             */
            version: number;
        };
        /** @description What to change of a dataset; what is left out stays. */
        DatasetUpdate: {
            /**
             * @description Names or ids of experiments that it shall belong to.
             * @default []
             */
            add_experiments: string[];
            /**
             * @description Another name.
             * @default null
             */
            name: string | null;
            /**
             * @description Names or ids of experiments that it shall no longer belong to.
             * @default []
             */
            remove_experiments: string[];
            /**
             * @description Keys of tags to remove.
             * @default []
             */
            remove_tags: string[];
            /**
             * @description Tags to set.
             * @default {}
             */
            set_tags: {
                [key: string]: string;
            };
            /**
             * @description Who changes it.
             * @default null
             */
            user: string | null;
        };
        /** @description One version. */
        DatasetVersion: {
            /**
             * Format: int64
             * @description Records that were new.
             */
            added: number;
            /** @description When it was made; null of deletions that an older release made. */
            at_ns: string | null;
            /**
             * Format: int64
             * @description Records that were there and changed.
             */
            changed: number;
            /**
             * Format: int64
             * @description Records that were gone.
             */
            removed: number;
            /** @description Who made it. */
            user: string | null;
            /**
             * Format: int64
             * @description Its number.
             */
            version: number;
        };
        /** @description The answer of `GET /api/v1/datasets/{id}/versions`. */
        DatasetVersionList: {
            /** @description Whether older ones are left out. */
            has_more: boolean;
            /** @description The newest first. */
            versions: components["schemas"]["DatasetVersion"][];
        };
        /** @description A text for each row, by number. */
        Dictionary: {
            /** @description For each row the index of its text. */
            rows: number[];
            /** @description The texts. */
            values: string[];
        };
        /** @description Bytes on the disk, by what they are for. */
        DiskBytes: {
            /**
             * Format: int64
             * @description The index database with its log.
             */
            index: number;
            /**
             * Format: int64
             * @description The word and attribute index.
             */
            postings: number;
            /**
             * Format: int64
             * @description Segment files.
             */
            segments: number;
        };
        /** @description A document. */
        Document: {
            /** @description Its text. */
            content: string;
            /** @description Its id. */
            id: string | null;
            /** @description Anything else. */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Format: double
             * @description How well it fits.
             */
            score: number | null;
        };
        /** @description Percentiles of durations in nanoseconds; null where no duration is known. */
        DurationPercentiles: {
            /**
             * Format: int64
             * @description Half take at most this.
             */
            p50: number | null;
            /**
             * Format: int64
             * @description 95 % take at most this.
             */
            p95: number | null;
            /**
             * Format: int64
             * @description 99 % take at most this.
             */
            p99: number | null;
        };
        /** @description An exception. */
        Exception: {
            /** @description What it says. */
            message: string | null;
            /** @description Where it came from. */
            stacktrace: string | null;
            /** @description Its type. */
            type: string | null;
        };
        /** @description An experiment, and how much is in it. */
        Experiment: {
            /** @description When it was made. */
            created_ns: string;
            /** @description Whether it was deleted; its traces are kept. */
            deleted: boolean;
            /** @description Its id, a decimal number. */
            experiment_id: string;
            /** @description When the newest of them started. */
            last_trace_ns: string | null;
            /** @description Its name. */
            name: string;
            /** @description Its tags. */
            tags: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Its traces.
             */
            trace_count: number;
        };
        /** @description The answer of `GET /api/v1/experiments`: the one with the newest trace first. */
        ExperimentList: {
            /** @description The experiments. */
            experiments: components["schemas"]["Experiment"][];
        };
        /** @description The rules that hold for an experiment. */
        ExperimentRedaction: {
            /** @description Whether the rules are the experiment's own; else they are the default ones of the configuration. */
            is_own: boolean;
            /** @description What was replaced in what was sent to the experiment since the server started. */
            replaced: components["schemas"]["RedactionCount"][];
            /** @description What is looked for. */
            rules: components["schemas"]["RedactionRules"];
        };
        /** @description What is set for one experiment. */
        ExperimentRetention: {
            /** @description Its name or id, as configured. */
            experiment: string;
            /** @description Whether its traces stay, however old they are. */
            keeps: boolean;
            /**
             * Format: int64
             * @description Its own age in seconds; null if the overall one holds, or none (`keeps`).
             */
            max_age_s: number | null;
            /**
             * Format: int64
             * @description Bytes of its traces.
             */
            max_bytes: number | null;
        };
        /** @description The most frequent values of one field. */
        Facet: {
            /** @description Whether those are all of the selection. */
            complete: boolean;
            /**
             * Format: int64
             * @description Traces that were counted for this field; what spans say is counted over fewer than what records say.
             */
            counted_traces: number;
            /**
             * Format: int64
             * @description How many values there are in the counted traces.
             */
            distinct: number;
            /** @description The field, as the filter language names it. */
            field: string;
            /** @description A heading for it. */
            label: string;
            /** @description The most frequent first. */
            values: components["schemas"]["FacetValue"][];
        };
        /** @description Counts of values over a selection. */
        Facets: {
            /** @description Whether those are all. */
            complete: boolean;
            /**
             * Format: int64
             * @description Traces whose records were counted: the newest of the selection.
             */
            counted_traces: number;
            /** @description One entry a field, in the order asked. */
            facets: components["schemas"]["Facet"][];
            /** @description Whether `budget_ms` was over before the newest were found; the same request goes on. */
            unfinished: boolean;
        };
        /** @description A value and how many traces have it. */
        FacetValue: {
            /** @description The filter clause that asks for it. */
            clause: string;
            /**
             * Format: int64
             * @description Traces that have it.
             */
            count: number;
            /** @description The value. */
            value: string;
        };
        /** @description From which field of a trace or span to which field of a record. */
        FieldMapping: {
            /**
             * @description `inputs`, `outputs`, `expectations`, or a field of them (`inputs.question`); `attributes.KEY`, `feedback.NAME`,
             *     `tags.KEY`, `metadata.KEY`; `input_text`, `output_text`, `name`, `session`, `user`, `trace_id`.
             */
            from: string;
            /** @description `inputs`, `outputs`, `expectations` or `tags`, or a field of one of them (`expectations.expected_response`). */
            to: string;
        };
        /** @description What became of a filter and an order. */
        FilterCheck: {
            /** @description The filter in its canonical form; null if it is not valid. */
            canonical: string | null;
            /** @description All problems of the filter, then of the order. */
            errors: components["schemas"]["FilterProblem"][];
            /** @description Whether both were understood. */
            valid: boolean;
        };
        /** @description One problem of a filter or an order. */
        FilterProblem: {
            /** @description Where it ends, excluded. */
            end: number;
            /** @description What would have been right here; may be empty. */
            expected: string[];
            /** @description What is wrong, and what would be right. */
            message: string;
            /** @description Where it begins, in bytes of UTF-8. */
            start: number;
            /** @description A text to put there instead, if one is obvious. */
            suggestion: string | null;
        };
        /** @description A selection's exact count, its course over time and its sums. */
        Histogram: {
            /**
             * Format: int64
             * @description Width of a bucket.
             */
            bucket_ns: number;
            /** @description The buckets, without gaps. */
            buckets: components["schemas"]["HistogramBucket"][];
            /**
             * Format: double
             * @description Cost of all, in US dollars.
             */
            cost: number;
            /** @description Percentiles of the durations, at most 1 % off. */
            duration_ns: components["schemas"]["DurationPercentiles"];
            /**
             * Format: int64
             * @description Of them, those that ended with an error.
             */
            errors: number;
            /**
             * Format: int64
             * @description Traces that may match too, but were not looked at within `budget_ms`; the same request goes on with them.
             */
            open: number;
            /** @description Start of the first bucket. */
            start_ns: string;
            /**
             * Format: int64
             * @description Tokens of all.
             */
            tokens: number;
            /**
             * Format: int64
             * @description Traces, exactly; all figures are of these.
             */
            total: number;
        };
        /** @description The traces that started in one stretch of time. */
        HistogramBucket: {
            /**
             * Format: double
             * @description Cost in US dollars.
             */
            cost: number;
            /**
             * Format: int64
             * @description Ended with an error.
             */
            error: number;
            /**
             * Format: int64
             * @description Not ended.
             */
            in_progress: number;
            /**
             * Format: int64
             * @description Ended well.
             */
            ok: number;
            /**
             * Format: int64
             * @description Half of the known durations are at most this.
             */
            p50_ns: number | null;
            /**
             * Format: int64
             * @description 95 % of the known durations are at most this.
             */
            p95_ns: number | null;
            /**
             * Format: int64
             * @description Tokens.
             */
            tokens: number;
            /**
             * Format: int64
             * @description Without a state.
             */
            unspecified: number;
        };
        /** @description A column of a file and where its cells go. */
        ImportColumn: {
            /** @description Its name. */
            name: string;
            /** @description As [`FieldMapping::to`] has it, or `source`; null if it is left out. */
            target: string | null;
        };
        /** @description What an import did. */
        ImportResult: {
            /**
             * Format: int64
             * @description How many could not be taken.
             */
            error_count: number;
            /** @description Lines that could not be taken, the first 100 of them. */
            errors: components["schemas"]["LineError"][];
            /**
             * Format: int64
             * @description Lines read.
             */
            lines: number;
            /**
             * Format: int64
             * @description Spans stored, or there already.
             */
            spans: number;
            /**
             * Format: int64
             * @description Records of traces restored.
             */
            traces: number;
        };
        /** @description The server and how much it holds. */
        Info: {
            /**
             * Format: int32
             * @description Where OTLP over gRPC is taken.
             */
            otlp_grpc_port: number | null;
            /**
             * Format: int32
             * @description Where OTLP over HTTP is taken, besides the main port.
             */
            otlp_http_port: number | null;
            /**
             * Format: int64
             * @description Traces in the whole store.
             */
            traces: number;
            /** @description The server's version. */
            version: string;
        };
        /** @description A line that could not be imported. */
        LineError: {
            /**
             * Format: int64
             * @description Its number, from 1.
             */
            line: number;
            /** @description Why. */
            message: string;
        };
        /** @description A message of a conversation. */
        Message: {
            /** @description Why the model stopped. */
            finish_reason: string | null;
            /** @description Of the speaker, or of the tool. */
            name: string | null;
            /** @description What it says. */
            parts: components["schemas"]["Part"][];
            /** @description `system`, `user`, `assistant`, `tool`, or another role. */
            role: string;
        };
        /** @description Metrics over time, one series a group. */
        Metrics: {
            /**
             * @description Whether everything that was asked for is counted: false for calls while the figures of older traces are being
             *     computed, and for the calls of a filter that matches very many traces, of which the newest are counted.
             */
            complete: boolean;
            /** @description When the last of them ends. */
            end_ns: string;
            /**
             * Format: int64
             * @description How many groups there are.
             */
            groups: number;
            /** @description How long a stretch is, as `interval` names it. Days, weeks and months follow the time zone. */
            interval: string;
            /** @description The group with the most traces or calls first; what is left over is last. */
            series: components["schemas"]["MetricsSeries"][];
            /** @description When each stretch of time starts, ascending and without gaps. */
            starts_ns: string[];
        };
        /** @description Sums in each stretch of time; all columns are of the same length. */
        MetricsColumns: {
            /** @description Input tokens that were written to a cache. */
            cache_creation_tokens: number[];
            /** @description Input tokens that were read from a cache. */
            cache_read_tokens: number[];
            /** @description Cost in US dollars. */
            cost: number[];
            /** @description Traces or calls. */
            count: number[];
            /** @description Of them, those that ended with an error. */
            errors: number[];
            /** @description Of them, those that have not ended. */
            in_progress: number[];
            /** @description Tokens of prompts, cached ones included. */
            input_tokens: number[];
            /** @description Tokens of answers. */
            output_tokens: number[];
            /** @description Half of the known durations are at most this; null where none is known. */
            p50_ns: (number | null)[];
            /** @description 95 % of the known durations are at most this. */
            p95_ns: (number | null)[];
            /** @description 99 % of the known durations are at most this. */
            p99_ns: (number | null)[];
            /** @description What providers called the total. */
            total_tokens: number[];
        };
        /**
         * @description Which group it is: the part that was grouped by is set, or nothing for what names none; `others` for what is left
         *     over. Of a single series, all is null.
         */
        MetricsGroup: {
            /** @description Id of the experiment. */
            experiment_id: string | null;
            /** @description The model. */
            model: string | null;
            /** @description Whether it is all groups that have no series of their own. */
            others: boolean;
            /** @description The provider. */
            provider: string | null;
        };
        /** @description The course of one group. */
        MetricsSeries: {
            /** @description Which group it is. */
            group: components["schemas"]["MetricsGroup"];
            /** @description In each stretch of time, in the order of `starts_ns`. */
            points: components["schemas"]["MetricsColumns"];
            /** @description Over the whole time. */
            total: components["schemas"]["MetricsTotal"];
        };
        /** @description Sums over the whole time. */
        MetricsTotal: {
            /**
             * Format: int64
             * @description Input tokens that were written to a cache.
             */
            cache_creation_tokens: number;
            /**
             * Format: int64
             * @description Input tokens that were read from a cache.
             */
            cache_read_tokens: number;
            /**
             * Format: double
             * @description Cost in US dollars.
             */
            cost: number;
            /**
             * Format: int64
             * @description Traces or calls.
             */
            count: number;
            /** @description Percentiles of the known durations, at most 1 % off. */
            duration_ns: components["schemas"]["DurationPercentiles"];
            /**
             * Format: int64
             * @description Of them, those that ended with an error.
             */
            errors: number;
            /**
             * Format: int64
             * @description Of them, those that have not ended.
             */
            in_progress: number;
            /**
             * Format: int64
             * @description Tokens of prompts, cached ones included.
             */
            input_tokens: number;
            /**
             * Format: int64
             * @description Tokens of answers.
             */
            output_tokens: number;
            /**
             * Format: int64
             * @description What providers called the total.
             */
            total_tokens: number;
        };
        /** @description An assessment to add. */
        NewAssessment: {
            /** @description `feedback` or `expectation`. */
            kind: components["schemas"]["AssessmentKind"];
            /** @description Anything else. */
            metadata?: {
                [key: string]: string;
            };
            /** @description What is assessed, e.g. `correctness`. */
            name: string;
            /** @description Why. */
            rationale?: string | null;
            source?: components["schemas"]["Source"] | null;
            /** @description The span that it is about, 16 hex digits. */
            span_id?: string | null;
            /** @description Any JSON but null. */
            value: unknown;
        };
        /** @description A dataset to make. */
        NewDataset: {
            /**
             * @description Names or ids of the experiments that it shall belong to.
             * @default []
             */
            experiments: string[];
            /**
             * @description Its name.
             * @default
             */
            name: string;
            /**
             * @description Its tags.
             * @default {}
             */
            tags: {
                [key: string]: string;
            };
            /**
             * @description Who makes it.
             * @default null
             */
            user: string | null;
        };
        /** @description What is in a record. */
        NewDatasetRecord: {
            /**
             * @description What is expected of an answer.
             * @default {}
             */
            expectations: {
                [key: string]: unknown;
            };
            /**
             * @description What the application is given; must not be empty.
             * @default {}
             */
            inputs: {
                [key: string]: unknown;
            };
            /** @description What it answered; null for nothing. */
            outputs?: unknown;
            /**
             * @description Its tags.
             * @default {}
             */
            tags: {
                [key: string]: unknown;
            };
        };
        /** @description Records to add. */
        NewDatasetRecords: {
            /**
             * @description The records.
             * @default []
             */
            records: components["schemas"]["NewDatasetRecord"][];
            /**
             * @description Who adds them.
             * @default null
             */
            user: string | null;
        };
        /** @description An experiment to create, or the new name of one. */
        NewExperiment: {
            /** @description The name; unique. */
            name: string;
        };
        /** @description Prices to set for a model. */
        NewPriceOverride: {
            /** @description Name or id of the experiment that they hold for; all, if absent. */
            experiment?: string | null;
            /** @description The model. */
            model: string;
            /** @description The prices; `input` and `output` are needed. */
            prices: {
                [key: string]: unknown;
            };
            /** @description The provider that they hold for; any, if absent. */
            provider?: string | null;
        };
        /** @description A part of a message. */
        Part: {
            /** @description The text. */
            text: string;
            /** @enum {string} */
            type: "text";
        } | {
            /** @description The text. */
            text: string;
            /** @enum {string} */
            type: "thinking";
        } | {
            /** @description What it is called with. */
            arguments: unknown;
            /** @description The call's id. */
            id: string | null;
            /** @description The tool. */
            name: string;
            /** @enum {string} */
            type: "tool_call";
        } | {
            /** @description The call's id. */
            id: string | null;
            /** @description Whether it is an error. */
            is_error: boolean;
            /** @description The tool. */
            name: string | null;
            /** @description The answer. */
            result: unknown;
            /** @enum {string} */
            type: "tool_result";
        } | {
            /**
             * Format: int64
             * @description How many bytes it has, if it is an attachment.
             */
            bytes: number | null;
            /** @description Base64. */
            data: string | null;
            /** @description Its media type. */
            mime_type: string | null;
            /** @description Its name. */
            name: string | null;
            /** @enum {string} */
            type: "image";
            /** @description Where it is; `/api/v1/attachments/…` if it is an attachment, in place of `data`. */
            url: string | null;
        } | {
            /**
             * Format: int64
             * @description How many bytes it has, if it is an attachment.
             */
            bytes: number | null;
            /** @description Base64. */
            data: string | null;
            /** @description Its media type. */
            mime_type: string | null;
            /** @description Its name. */
            name: string | null;
            /** @enum {string} */
            type: "audio";
            /** @description Where it is; `/api/v1/attachments/…` if it is an attachment, in place of `data`. */
            url: string | null;
        } | {
            /**
             * Format: int64
             * @description How many bytes it has, if it is an attachment.
             */
            bytes: number | null;
            /** @description Base64. */
            data: string | null;
            /** @description Its media type. */
            mime_type: string | null;
            /** @description Its name. */
            name: string | null;
            /** @enum {string} */
            type: "file";
            /** @description Where it is; `/api/v1/attachments/…` if it is an attachment, in place of `data`. */
            url: string | null;
        } | {
            /** @enum {string} */
            type: "json";
            /** @description The value. */
            value: unknown;
        };
        /** @description The answer of `previews`, in the order asked; spans that do not exist are left out. */
        Previews: {
            /** @description One a span. */
            previews: components["schemas"]["SpanPreview"][];
        };
        /** @description What a list of prices says of itself. */
        PriceListInfo: {
            /** @description The day of its prices, `YYYY-MM-DD`. */
            date: string;
            /** @description How many models it prices. */
            rows: number;
            /** @description Where they are from. */
            source: string;
        };
        /** @description How a model is found among the prices. */
        PriceMatch: {
            row: components["schemas"]["PriceRow"] | null;
            /** @description The names that were looked for, in order. */
            steps: components["schemas"]["PriceStep"][];
            unknown: components["schemas"]["PriceUnknown"] | null;
        };
        /** @description Prices that somebody set for a model. */
        PriceOverride: {
            /** @description The experiment that they hold for; null for all. */
            experiment_id: string | null;
            /** @description The model. */
            model: string;
            /**
             * @description The prices: `input`, `output`, `cache_read`, `cache_write`, `cache_write_1h`, `audio_input`, `audio_output`,
             *     `image_input`, `image_output`, `reasoning`; those of large requests by number of input tokens in `above`; those of
             *     other services by name in `services`.
             */
            prices: {
                [key: string]: unknown;
            };
            /** @description The provider that they hold for; null for any. */
            provider: string | null;
        };
        /** @description A row of a list that can't be used. */
        PriceProblem: {
            /** @description What is wrong, and what would be right. */
            message: string;
            /** @description Its line or its key. */
            row: string;
        };
        /** @description The prices of a model at a provider. */
        PriceRow: {
            /** @description The model whose prices these are, if the row is another name of it. */
            alias_of: string | null;
            /** @description The day of the list that it is in. */
            list_date: string | null;
            /** @description The model, as the list spells it. */
            model: string;
            /** @description `built_in`, `updated`, `override`, `experiment_override`, or `rule`. */
            origin: string;
            /** @description The prices; see `PriceOverride`. */
            prices: {
                [key: string]: unknown;
            };
            /** @description The provider; null for any. */
            provider: string | null;
        };
        /** @description Rows of the list. */
        PriceRows: {
            /** @description How many there are in all. */
            matched: number;
            /** @description Those that were asked for. */
            rows: components["schemas"]["PriceRow"][];
        };
        /** @description The prices in force. */
        PriceState: {
            /** @description The list that is built in. */
            built_in: components["schemas"]["PriceListInfo"];
            /** @description Prices that were set; they win over every list. */
            overrides: components["schemas"]["PriceOverride"][];
            updated: components["schemas"]["PriceListInfo"] | null;
        };
        /** @description A name that was looked for. */
        PriceStep: {
            /** @description Whether it was found. */
            found: boolean;
            /** @description The name, in lower case. */
            name: string;
            /** @description The provider whose prices were looked at; null if none is known. */
            provider: string | null;
            /**
             * @description What was done to get it: `as_given`, `provider`, `path`, `region`, `context_size`, `fine_tune`, `spelling`, `date`,
             *     `latest`, `newest`, `sibling`, `maker`, `alias` or `free`.
             */
            rule: string;
            /** @description The same in words. */
            text: string;
        };
        /** @description Why there is no price. */
        PriceUnknown: {
            /** @description `no_model`, `no_tokens`, `not_listed`, `own_machine`, `route`, `opaque` or `repeated`. */
            code: string;
            /** @description The same in words. */
            text: string;
        };
        /** @description What an update of the list did. */
        PriceUpdate: {
            /** @description Entries that were left out, since they price no tokens but seconds, pictures or pages, or nothing. */
            left_out: number;
            /** @description The list that is in force now. */
            list: components["schemas"]["PriceListInfo"];
            /** @description How many can't be. */
            problem_count: number;
            /** @description The first of the rows that can't be used. */
            problems: components["schemas"]["PriceProblem"][];
        };
        /** @description An error (RFC 9457, `application/problem+json`). */
        Problem: {
            /** @description What is wrong, and what would have been right. */
            detail: string;
            /** @description All problems of a filter or an order that was not understood. */
            errors?: components["schemas"]["FilterProblem"][] | null;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The status in words. */
            title: string;
            /** @description Always `about:blank`: the status tells. */
            type: string;
        };
        /** @description How far long work is. */
        ProgressLine: {
            /**
             * Format: int64
             * @description How much of it is done, in units of the stage (bytes, pages or traces).
             */
            done: number;
            /** @description What is being done. */
            stage: string;
            /**
             * Format: int64
             * @description How much there is to do.
             */
            total: number;
        };
        /** @description The answer of `GET /api/v1/prompts/{name}`. */
        PromptDetail: {
            /** @description Whether these are all. */
            complete: boolean;
            /** @description The prompt. */
            prompt: components["schemas"]["PromptSummary"];
            /** @description Its versions, the newest first. */
            versions: components["schemas"]["PromptVersionSummary"][];
        };
        /**
         * @description Whether a version of a prompt is one text or several messages.
         * @enum {string}
         */
        PromptKind: "text" | "chat";
        /** @description The answer of `GET /api/v1/prompts`. */
        PromptList: {
            /** @description Whether these are all. */
            complete: boolean;
            /** @description Prompts by name. */
            prompts: components["schemas"]["PromptSummary"][];
        };
        /** @description A prompt out of a registry. */
        PromptReference: {
            /** @description Its name. */
            name: string;
            /** @description Its version. */
            version: string | null;
        };
        /** @description A prompt. */
        PromptSummary: {
            /** @description The version that each alias stands for. */
            aliases: {
                [key: string]: number;
            };
            /** @description When it was made. */
            created_ns: string;
            /** @description What it is for. */
            description: string | null;
            /** @description When it, or which versions it has, last changed. */
            last_updated_ns: string;
            /**
             * Format: int64
             * @description The largest number of its versions.
             */
            latest_version: number | null;
            /** @description Its name. */
            name: string;
            /** @description Its tags, without those that MLflow makes. */
            tags: {
                [key: string]: string;
            };
        };
        /** @description A prompt before its variables were filled in. */
        PromptTemplate: {
            /** @description Its text; JSON if it is a list of messages. */
            template: string | null;
            /** @description What was filled in, by name. */
            variables: {
                [key: string]: unknown;
            };
            /** @description The version of the text. */
            version: string | null;
        };
        /** @description The answer of `GET /api/v1/prompts/{name}/versions/{version}`. */
        PromptVersion: {
            /** @description JSON: the model and its parameters. */
            model_config: string | null;
            /** @description The prompt's name. */
            name: string;
            /** @description JSON: the schema that answers shall have. */
            response_format: string | null;
            /** @description The version. */
            summary: components["schemas"]["PromptVersionSummary"];
            /** @description Its text, with variables in double braces; of a chat JSON. */
            template: string;
            /** @description The filter of the traces that were made with it. */
            trace_filter: string;
        };
        /** @description A version of a prompt without its text. */
        PromptVersionSummary: {
            /** @description The aliases that stand for it. */
            aliases: string[];
            /** @description What is new in it. */
            commit_message: string | null;
            /** @description When it was made. */
            created_ns: string;
            /** @description Text or chat. */
            kind: components["schemas"]["PromptKind"];
            /** @description Its tags, without those that MLflow makes. */
            tags: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Its number, from 1.
             */
            version: number;
        };
        /** @description A record that would be added. */
        RecordCandidate: {
            /** @description What adding it does. */
            effect: components["schemas"]["RecordEffect"];
            /** @description What is expected of an answer. */
            expectations: {
                [key: string]: unknown;
            };
            /** @description What the application is given. */
            inputs: {
                [key: string]: unknown;
            };
            /** @description Why none can be made of it. */
            message: string | null;
            /** @description The trace, the row of a file or the line of it that it is made of. */
            origin: string;
            /** @description What it answered. */
            outputs: unknown;
            /** @description The record that is there. */
            record_id: string | null;
            /** @description The span; null if it is of none. */
            span_id: string | null;
            /** @description Its tags. */
            tags: {
                [key: string]: unknown;
            };
        };
        /**
         * @description What adding a record does.
         * @enum {string}
         */
        RecordEffect: "added" | "changed" | "unchanged" | "repeated" | "refused";
        /** @description What could not be made a record. */
        RecordProblem: {
            /** @description Why. */
            message: string;
            /** @description The trace, or the number of the row or line from 1. */
            origin: string;
        };
        /** @description Which traces or spans to make records of, and how. */
        RecordsFromTraces: {
            /**
             * @description Show the first records, and change nothing.
             * @default false
             */
            dry_run: boolean;
            /**
             * @description How; null = as the last time, or inputs, outputs and expectations as they are.
             * @default null
             */
            mapping: components["schemas"]["FieldMapping"][] | null;
            /**
             * @description Spans, of which each gives a record.
             * @default []
             */
            spans: components["schemas"]["SpanOfTrace"][];
            /** @default null */
            traces: components["schemas"]["BulkRequest"] | null;
            /**
             * @description Who adds them.
             * @default null
             */
            user: string | null;
        };
        /** @description The answer of `POST /api/v1/datasets/{id}/traces`. */
        RecordsFromTracesResult: {
            /** @description In a dry run: the first records. */
            candidates: components["schemas"]["RecordCandidate"][];
            /** @description In a dry run: the fields that the first traces have. */
            fields: components["schemas"]["SourceField"][];
            /** @description How records were made. */
            mapping: components["schemas"]["FieldMapping"][];
            /**
             * Format: int64
             * @description Traces and spans that were selected.
             */
            matched: number;
            /**
             * Format: int64
             * @description How many could not.
             */
            problem_count: number;
            /** @description The first that could not be made a record, at most 100. */
            problems: components["schemas"]["RecordProblem"][];
            /** @description What was done; in a dry run, what would be with those that are shown. */
            result: components["schemas"]["DatasetChangeResult"];
        };
        /** @description How much a rule replaced. */
        RedactionCount: {
            /**
             * Format: int64
             * @description Values that it replaced.
             */
            count: number;
            /** @description The detector or pattern; `path` and `attribute` for the rules of those kinds. */
            detector: string;
        };
        /** @description A built-in detector. */
        RedactionDetector: {
            /** @description What it finds. */
            about: string;
            /** @description The group that it is in, besides `all`: `personal` or `secrets`. */
            group: string;
            /** @description Its name in rules. */
            name: string;
        };
        /** @description What can be looked for, and what is without rules of an experiment. */
        RedactionInfo: {
            /** @description The rules of experiments that have none of their own. */
            default_rules: components["schemas"]["RedactionRules"];
            /** @description The built-in detectors. */
            detectors: components["schemas"]["RedactionDetector"][];
        };
        /** @description A regular expression with a name. */
        RedactionPattern: {
            /** @description What replacements and counts call it. */
            name: string;
            /** @description The expression; if it has a group `secret`, only that is replaced. */
            regex: string;
        };
        /** @description What to look for; with nothing in it, nothing is replaced. */
        RedactionRules: {
            /**
             * @description Keys of attributes, tags and metadata whose values are replaced whole; `*` and `?` stand for others.
             * @default []
             */
            attributes: string[];
            /**
             * @description Names of built-in detectors, or of groups: `all`, `personal`, `secrets`.
             * @default []
             */
            detectors: string[];
            /**
             * @description Paths of JSON values that are replaced whole, such as `$.messages[*].content.ssn` or `$..ssn`.
             * @default []
             */
            paths: string[];
            /**
             * @description Patterns of one's own.
             * @default []
             */
            patterns: components["schemas"]["RedactionPattern"][];
        };
        /** @description A text to try rules on; nothing of it is stored. */
        RedactionTest: {
            /** @description The key of the attribute, tag or metadata entry that the text were the value of. */
            key: string | null;
            rules: components["schemas"]["RedactionRules"] | null;
            /** @description The text. */
            text: string;
        };
        /** @description What would be stored of a text. */
        RedactionTestResult: {
            /** @description What was found. */
            replaced: components["schemas"]["RedactionCount"][];
            /** @description The text with all that was found replaced. */
            text: string;
        };
        /** @description A line while traces are derived again; the last line holds `result` or `error`, all others progress. */
        RenormalizeLine: components["schemas"]["ProgressLine"] | {
            /** @description What it changed. */
            result: components["schemas"]["RenormalizeResult"];
        } | {
            /** @description Why. */
            error: string;
        };
        /** @description What it changed to derive traces again. */
        RenormalizeResult: {
            /**
             * Format: int64
             * @description Traces that were written to each time that their turn came, and stay as they are.
             */
            busy_traces: number;
            /**
             * Format: int64
             * @description Those that say something else than before.
             */
            changed_spans: number;
            /**
             * Format: int64
             * @description Those of which something changed: a span, or only the record.
             */
            changed_traces: number;
            /**
             * Format: int64
             * @description Spans that were looked at.
             */
            spans: number;
            /**
             * Format: int64
             * @description Traces that were looked at.
             */
            traces: number;
            /**
             * Format: int64
             * @description Traces that can't be read, and stay as they are.
             */
            unreadable_traces: number;
        };
        /** @description The values of a column in one run, added up. */
        ResultAggregate: {
            /** @description Rows that have a number. */
            count: number;
            /** @description Rows on which the scorer failed. */
            errors: number;
            /**
             * Format: double
             * @description The mean of the numbers; null of none.
             */
            mean: number | null;
        };
        /** @description A column of results. */
        ResultColumn: {
            baseline: components["schemas"]["ResultAggregate"] | null;
            difference: components["schemas"]["ResultDifference"] | null;
            /** @description What it is about. */
            kind: components["schemas"]["ResultColumnKind"];
            /** @description The scorer; `latency`, `tokens` or `cost` otherwise. */
            name: string;
            /** @description All rows of the run. */
            run: components["schemas"]["ResultAggregate"];
        };
        /**
         * @description What a column of results is about.
         * @enum {string}
         */
        ResultColumnKind: "score" | "latency" | "tokens" | "cost";
        /** @description How a run differs from its baseline in the rows that both have. */
        ResultDifference: {
            /** @description Those in which the run's is higher. */
            higher: number;
            /** @description Those in which the run's is lower. */
            lower: number;
            /**
             * Format: double
             * @description The mean of run minus baseline.
             */
            mean: number;
            /**
             * Format: double
             * @description How probable so large a mean is by chance: two-sided sign-flip test.
             */
            p_value: number;
            /** @description Rows that have a number in both. */
            pairs: number;
        };
        /** @description A row of an evaluation beside that of the baseline that was asked the same; one of both may be missing. */
        ResultPair: {
            baseline: components["schemas"]["ResultRow"] | null;
            run: components["schemas"]["ResultRow"] | null;
        };
        /** @description One row of an evaluation: a trace with its scores. */
        ResultRow: {
            /**
             * Format: double
             * @description US dollars; null if not known.
             */
            cost: number | null;
            /**
             * Format: int64
             * @description How long it took; null while unknown.
             */
            duration_ns: number | null;
            /** @description What should have been answered, by name. */
            expectations: {
                [key: string]: unknown;
            };
            /** @description What was asked, as a person reads it. */
            input: string | null;
            /** @description What was answered, as a person reads it. */
            output: string | null;
            /** @description Scores of this run, and of people. */
            scores: components["schemas"]["Score"][];
            /** @description How the trace ended. */
            state: components["schemas"]["State"];
            /**
             * Format: int64
             * @description All tokens; null if no span reports any.
             */
            tokens: number | null;
            /** @description The trace. */
            trace_id: string;
        };
        /** @description How long traces stay, and what retention did. */
        Retention: {
            /**
             * Format: int64
             * @description Traces that were deleted since the server started.
             */
            deleted_traces: number;
            /** @description What is set for single experiments. */
            experiments: components["schemas"]["ExperimentRetention"][];
            last: components["schemas"]["RetentionRun"] | null;
            /**
             * Format: int64
             * @description Traces go when the earlier of their start and their arrival is so many seconds ago.
             */
            max_age_s: number | null;
            /**
             * Format: int64
             * @description The oldest traces go when more bytes are stored.
             */
            max_bytes: number | null;
            /**
             * Format: int64
             * @description Bytes that count against `max_bytes` now: segments and indexes without what is deleted already.
             */
            stored_bytes: number;
        };
        /** @description One run of retention. */
        RetentionRun: {
            /**
             * Format: int64
             * @description Bytes of their spans as they were stored.
             */
            bytes: number;
            /** @description When it ended. */
            finished_ns: string;
            /**
             * Format: int64
             * @description Traces that it deleted.
             */
            traces: number;
        };
        /** @description A run with the latest value of each of its metrics. */
        Run: {
            /** @description The datasets that it read. */
            datasets: components["schemas"]["RunDataset"][];
            /**
             * Format: int64
             * @description How long it took; null while it is under way.
             */
            duration_ns: number | null;
            /** @description Its experiment. */
            experiment_id: string;
            /** @description Whether it is an evaluation, which has results row by row. */
            is_evaluation: boolean;
            /** @description The latest value of each metric; null where that is no number. */
            metrics: {
                [key: string]: number | null;
            };
            /** @description The logged models that it used or made. */
            models: string[];
            /** @description Its name. */
            name: string;
            /** @description Its parameters. */
            params: {
                [key: string]: string;
            };
            /** @description Its id. */
            run_id: string;
            /** @description When it started. */
            start_ns: string;
            /** @description How far it is. */
            status: components["schemas"]["RunStatus"];
            /** @description Its tags, without MLflow's reserved ones. */
            tags: {
                [key: string]: string;
            };
            /** @description Who started it; null if that is not known. */
            user: string | null;
        };
        /** @description A dataset that a run read. */
        RunDataset: {
            /** @description The dataset here, if it is one; null in a list of runs. */
            dataset_id: string | null;
            /** @description The digest of its content. */
            digest: string;
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description The version of it that the run read, if that is known; null in a list of runs.
             */
            version: number | null;
        };
        /** @description The answer of `GET /api/v1/runs`. */
        RunList: {
            /** @description What to ask the next page with; null at the end. */
            next_page_token: string | null;
            /** @description The page. */
            runs: components["schemas"]["Run"][];
        };
        /** @description The answer of `GET /api/v1/runs/{run_id}/results`. */
        RunResults: {
            baseline: components["schemas"]["Run"] | null;
            /** @description Its columns: scorers by name, then latency, tokens and cost. */
            columns: components["schemas"]["ResultColumn"][];
            /** @description Whether there are more rows than are answered, which the figures then leave out too. */
            is_cut: boolean;
            /** @description Its rows, in the order in which their traces started, then rows that only the baseline has. */
            rows: components["schemas"]["ResultPair"][];
            /** @description The run. */
            run: components["schemas"]["Run"];
        };
        /**
         * @description How far a run is.
         * @enum {string}
         */
        RunStatus: "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";
        /** @description What instrumented a span. */
        Scope: {
            /** @description Its attributes. */
            attributes: components["schemas"]["Attribute"][];
            /** @description The library. */
            name: string;
            /** @description Its version. */
            version: string;
        };
        /** @description What one scorer says of one row. */
        Score: {
            /** @description Why there is no value. */
            error: string | null;
            /** @description The scorer. */
            name: string;
            /**
             * Format: double
             * @description What the value counts as: a number itself, true and `yes` 1, false and `no` 0; null otherwise.
             */
            number: number | null;
            /** @description Why. */
            rationale: string | null;
            /** @description Who made it. */
            source: components["schemas"]["SourceType"];
            /** @description Any JSON; null if the scorer failed. */
            value: unknown;
        };
        /** @description The answer of `GET /api/v1/sessions`: the one with the newest trace first. */
        SessionList: {
            /** @description What to ask the next page with; null at the end. */
            next_page_token: string | null;
            /** @description The page. */
            sessions: components["schemas"]["SessionSummary"][];
        };
        /** @description A session, as the selected traces of it tell. */
        SessionSummary: {
            /**
             * Format: double
             * @description Cost in US dollars.
             */
            cost: number;
            /**
             * Format: int64
             * @description From the first start to the last end.
             */
            duration_ns: number;
            /**
             * Format: int64
             * @description Of them, those that ended with an error.
             */
            error_count: number;
            /** @description What was asked first. */
            first_input: string | null;
            /** @description When the first trace started. */
            first_start_ns: string;
            /** @description What was answered last. */
            last_output: string | null;
            /** @description When the last trace started. */
            last_start_ns: string;
            /** @description The last trace. */
            last_trace_id: string;
            /** @description Its name. */
            session: string;
            /**
             * Format: int64
             * @description Tokens.
             */
            tokens: number;
            /**
             * Format: int64
             * @description Traces.
             */
            trace_count: number;
            /** @description Its user. */
            user: string | null;
        };
        /** @description The source of an assessment. */
        Source: {
            /** @description Who exactly. */
            id?: string | null;
            /** @description Its type. */
            type: components["schemas"]["SourceType"];
        };
        /** @description A field of traces that a record can be made of. */
        SourceField: {
            /** @description As [`FieldMapping::from`] has it. */
            name: string;
            /** @description What it is in one of the traces, shortened. */
            sample: string;
        };
        /**
         * @description Who or what made an assessment.
         * @enum {string}
         */
        SourceType: "HUMAN" | "LLM_JUDGE" | "CODE" | "UNSPECIFIED";
        /** @description A span with all that it says. */
        SpanDetail: {
            /** @description The agent that acted. */
            agent: string | null;
            /** @description The model that was asked for, which another may have answered for. */
            asked_model: string | null;
            /** @description Attributes as they came, in order. */
            attributes: components["schemas"]["Attribute"][];
            /**
             * Format: int64
             * @description Input tokens that were audio.
             */
            audio_input_tokens: number | null;
            /**
             * Format: int64
             * @description Output tokens that were audio.
             */
            audio_output_tokens: number | null;
            cost: components["schemas"]["Cost"] | null;
            cost_reason: components["schemas"]["CostReason"] | null;
            /** @description What a retriever or reranker returned. */
            documents: components["schemas"]["Document"][] | null;
            /**
             * Format: int64
             * @description How long it took; null while it is open.
             */
            duration_ns: number | null;
            /**
             * Format: int64
             * @description How many numbers an embedding has.
             */
            embedding_dimensions: number | null;
            /** @description Why it failed, if it did: its status, its last exception, or what an attribute says. */
            error: string | null;
            /** @description Events in order, exceptions included. */
            events: components["schemas"]["SpanEvent"][];
            exception: components["schemas"]["Exception"] | null;
            /** @description Why the model stopped, for each of its answers, in its own words. */
            finish_reasons: string[];
            /** @description The conversation that went in, if it is one. */
            input_messages: components["schemas"]["Message"][] | null;
            inputs: components["schemas"]["Body"] | null;
            /** @description OpenTelemetry's kind, e.g. `CLIENT`. */
            kind: string;
            /** @description Links to other spans. */
            links: components["schemas"]["SpanLink"][];
            /** @description Log records that belong to it. */
            logs: components["schemas"]["SpanLog"][];
            /** @description The model that answered, else the one asked. */
            model: string | null;
            /** @description Its name. */
            name: string;
            /** @description The messages that came out. */
            output_messages: components["schemas"]["Message"][] | null;
            outputs: components["schemas"]["Body"] | null;
            /** @description Parameters of the call, such as `temperature`. */
            parameters: {
                [key: string]: unknown;
            };
            /** @description Its parent's id; null of a root. */
            parent_id: string | null;
            prompt: components["schemas"]["PromptReference"] | null;
            prompt_template: components["schemas"]["PromptTemplate"] | null;
            /** @description The provider. */
            provider: string | null;
            /**
             * Format: int64
             * @description Output tokens that were spent on reasoning.
             */
            reasoning_tokens: number | null;
            /** @description Attributes of the resource. */
            resource: components["schemas"]["Attribute"][];
            /** @description What instrumented it. */
            scope: components["schemas"]["Scope"];
            /** @description The session that it names. */
            session: string | null;
            /** @description Its id, 16 hex digits. */
            span_id: string;
            /** @description When it started. */
            start_ns: string;
            /** @description `OK`, `ERROR` or `UNSET`. */
            status: string;
            /** @description What its status says. */
            status_message: string;
            /**
             * Format: int64
             * @description How long the first piece of a streamed answer took.
             */
            time_to_first_token_ns: number | null;
            /** @description Tools on offer. */
            tools: components["schemas"]["ToolDefinition"][] | null;
            /** @description Its trace. */
            trace_id: string;
            /** @description Its type, e.g. `CHAT_MODEL`. */
            type: string;
            usage: components["schemas"]["Usage"] | null;
            /** @description The user that it names. */
            user: string | null;
        };
        /** @description An event of a span. */
        SpanEvent: {
            /** @description Its attributes. */
            attributes: components["schemas"]["Attribute"][];
            /** @description Its name. */
            name: string;
            /** @description When. */
            time_ns: string;
        };
        /** @description A link to another span. */
        SpanLink: {
            /** @description Attributes of the link. */
            attributes: components["schemas"]["Attribute"][];
            /** @description The span. */
            span_id: string;
            /** @description Its trace. */
            trace_id: string;
        };
        /** @description A log record of a span. */
        SpanLog: {
            /** @description Its attributes. */
            attributes: components["schemas"]["Attribute"][];
            /** @description What it says. */
            body: unknown;
            /** @description The event's name. */
            event_name: string;
            /** @description How severe it is. */
            severity: string;
            /** @description When. */
            time_ns: string;
        };
        /** @description A span of a trace. */
        SpanOfTrace: {
            /** @description The span, 16 hex digits. */
            span_id: string;
            /** @description The trace. */
            trace_id: string;
        };
        /** @description What one reads of a span in a row; each text at most 300 characters. */
        SpanPreview: {
            /** @description Why it failed. */
            error: string | null;
            /** @description Of its inputs. */
            input: string | null;
            /** @description Of its outputs. */
            output: string | null;
            /** @description The span. */
            span_id: string;
        };
        /** @description What one span reports, and whether it counts. */
        SpanUsage: {
            cost: components["schemas"]["Cost"] | null;
            /** @description Whether tokens and cost count in the trace's. */
            counted: boolean;
            /** @description The span above that counts in its place. */
            counted_span_id: string | null;
            estimated_cost: components["schemas"]["Cost"] | null;
            /** @description Its model. */
            model: string | null;
            /** @description Its name. */
            name: string;
            /** @description Why. */
            reason: components["schemas"]["UsageReason"];
            /** @description Its id. */
            span_id: string;
            /** @description Its type. */
            span_type: string;
            usage: components["schemas"]["Usage"] | null;
        };
        /** @description A text for some rows, by number. */
        SparseDictionary: {
            /** @description For each of them the index of its text. */
            indexes: number[];
            /** @description The rows, as deltas. */
            rows: number[];
            /** @description The texts. */
            values: string[];
        };
        /** @description The answer to an edit of a record that somebody else has changed meanwhile: a problem with what there is now. */
        StaleDatasetRecord: {
            /** @description Which of `inputs`, `outputs`, `expectations` and `tags` are others than they were when the record was read. */
            changed: string[];
            /** @description The record as it is now. */
            current: components["schemas"]["DatasetRecord"];
            /** @description What is wrong. */
            detail: string;
            /**
             * Format: int32
             * @description 409.
             */
            status: number;
            /** @description `Conflict`. */
            title: string;
            /** @description `about:blank`. */
            type: string;
        };
        /**
         * @description How a trace ended, or that it has not.
         * @enum {string}
         */
        State: "OK" | "ERROR" | "IN_PROGRESS" | "STATE_UNSPECIFIED";
        /** @description The value of a tag. */
        TagValue: {
            /** @description The value. */
            value: string;
        };
        /** @description A tool that a model may call. */
        ToolDefinition: {
            /** @description What it does. */
            description: string | null;
            /** @description Its name. */
            name: string;
            /** @description The schema of its arguments. */
            parameters: unknown;
        };
        /** @description The answer of `GET /api/v1/traces`. */
        TraceList: {
            /** @description What to ask the next page with; null at the end. */
            next_page_token: string | null;
            /** @description The page. */
            traces: components["schemas"]["TraceSummary"][];
        };
        /** @description A trace as a whole record. */
        TraceRecord: {
            /** @description All assessments, overridden ones too, in order of creation. */
            assessments: components["schemas"]["Assessment"][];
            /** @description An id that the client chose. */
            client_request_id: string | null;
            cost: components["schemas"]["Cost"] | null;
            /**
             * Format: int64
             * @description How long it took; null while unknown.
             */
            duration_ns: number | null;
            /** @description When it ended; null while unknown. */
            end_ns: string | null;
            /** @description Its experiment. */
            experiment_id: string;
            /** @description The name of its experiment. */
            experiment_name: string;
            /** @description What was asked, as a person reads it. */
            input: string | null;
            /** @description What its client told of it. */
            metadata: {
                [key: string]: string;
            };
            /** @description Its name. */
            name: string | null;
            /** @description What was answered, as a person reads it. */
            output: string | null;
            /** @description All of its own tags. */
            own_tags: {
                [key: string]: string;
            };
            /** @description MLflow's preview of the root's inputs. */
            request_preview: string | null;
            /** @description Tags that come from its root's resource. */
            resource_tags: {
                [key: string]: string;
            };
            /** @description MLflow's preview of the root's outputs. */
            response_preview: string | null;
            /** @description The conversation that it belongs to. */
            session: string | null;
            /**
             * Format: int64
             * @description Spans stored for it.
             */
            span_count: number;
            /** @description When it started. */
            start_ns: string;
            /** @description How it ended. */
            state: components["schemas"]["State"];
            /** @description Its tags, its own over those of its resource, without MLflow's reserved ones. */
            tags: {
                [key: string]: string;
            };
            /** @description Its id. */
            trace_id: string;
            usage: components["schemas"]["Usage"] | null;
            /** @description The end user. */
            user: string | null;
        };
        /** @description A trace as a list shows it. */
        TraceSummary: {
            /** @description Its valid assessments. */
            assessments: components["schemas"]["AssessmentSummary"][];
            cost: components["schemas"]["Cost"] | null;
            /**
             * Format: int64
             * @description How long it took; null while unknown.
             */
            duration_ns: number | null;
            /**
             * Format: int64
             * @description Spans that failed, which a trace that ended well may have too; null where they were not counted.
             */
            error_span_count: number | null;
            /** @description Its experiment. */
            experiment_id: string;
            /** @description What was asked, as a person reads it; at most 1,000 characters. */
            input: string | null;
            /** @description Its name. */
            name: string | null;
            /** @description What was answered, as a person reads it; at most 1,000 characters. */
            output: string | null;
            /** @description The conversation that it belongs to. */
            session: string | null;
            /**
             * Format: int64
             * @description Spans stored for it.
             */
            span_count: number;
            /** @description When it started. */
            start_ns: string;
            /** @description How it ended. */
            state: components["schemas"]["State"];
            /** @description Its tags, its own over those of its resource, without MLflow's reserved ones. */
            tags: {
                [key: string]: string;
            };
            /** @description Its id: `tr-` and 32 hex digits, or the text that its client chose. */
            trace_id: string;
            usage: components["schemas"]["Usage"] | null;
            /** @description The end user. */
            user: string | null;
        };
        /**
         * @description The spans of a trace without their bodies, in columns. Parentless spans come first, then by start.
         *
         *     "Deltas" are differences to the previous entry; the first entry's is to zero, or to what is said.
         */
        Tree: {
            /** @description Cost, of the spans whose cost is known. */
            cost: components["schemas"]["CostColumns"];
            /** @description Spans. */
            count: number;
            /** @description Durations in nanoseconds; -1 of a span that is still open. */
            durations: number[];
            /** @description Ids, 16 hex digits each, one after the other. */
            ids: string;
            /** @description Models, of the spans that have one. */
            models: components["schemas"]["SparseDictionary"];
            /** @description Names. */
            names: components["schemas"]["Dictionary"];
            /** @description The row of each span's parent; -1 of a root, -2 of a span whose parent is not there. */
            parents: number[];
            /** @description What the first of `starts` counts from. */
            start_ns: string;
            /** @description Starts in nanoseconds, as deltas. */
            starts: number[];
            /** @description A digit a span: 0 unset, 1 ok, 2 error. */
            statuses: string;
            /** @description The trace. */
            trace_id: string;
            /** @description Types. */
            types: components["schemas"]["Dictionary"];
            /**
             * @description Rows, as deltas, of spans whose tokens or cost do not count in the trace's totals: they are told by a span above, or
             *     by those below. `usage-explained` says which.
             */
            uncounted: number[];
            /** @description Tokens, of the spans that report some. */
            usage: components["schemas"]["UsageColumns"];
        };
        /** @description Tokens, each counted once. */
        Usage: {
            /**
             * Format: int64
             * @description Input tokens read from a cache, where reported.
             */
            cache_read: number | null;
            /**
             * Format: int64
             * @description Input tokens written to a cache, where reported.
             */
            cache_write: number | null;
            /**
             * Format: int64
             * @description Of the prompt, cached ones included.
             */
            input: number;
            /**
             * Format: int64
             * @description Of the answer, reasoning included.
             */
            output: number;
            /**
             * Format: int64
             * @description Both.
             */
            total: number;
        };
        /** @description Tokens of some rows. */
        UsageColumns: {
            /** @description Input tokens read from a cache; 0 where not reported. */
            cache_read: number[];
            /** @description Input tokens. */
            input: number[];
            /** @description Output tokens. */
            output: number[];
            /** @description The rows, as deltas. */
            rows: number[];
            /** @description Total tokens. */
            total: number[];
        };
        /** @description The answer of `GET /api/v1/traces/{id}/usage-explained`. */
        UsageExplained: {
            /** @description The same of the cost. */
            client_gave_cost: boolean;
            /** @description Whether the client that sent the trace gave its tokens itself: then those are shown, and not the above. */
            client_gave_usage: boolean;
            cost: components["schemas"]["Cost"] | null;
            /** @description Spans that report something, but are not listed. */
            omitted: number;
            /** @description Every span that reports tokens or cost, in the order of the trace's spans; at most 10,000. */
            spans: components["schemas"]["SpanUsage"][];
            /** @description Spans that count with tokens whose cost is not known: the cost is that of the others. */
            spans_without_cost: number;
            /** @description The trace. */
            trace_id: string;
            usage: components["schemas"]["Usage"] | null;
        };
        /**
         * @description Why the tokens and cost of a span count, or do not.
         * @enum {string}
         */
        UsageReason: "counted" | "below_reporting_ancestor" | "duplicate" | "replaced_by_descendants" | "repeats_descendants";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    traces_get_attachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description SHA-256 of its bytes, 64 lower-case hex digits */
                hash: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    server_backup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BackupRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.spanwise.backup": components["schemas"]["BackupFrame"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    server_check: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["CheckLine"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    server_compact: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["CompactLine"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_list: {
        parameters: {
            query?: {
                /** @description Name or id of an experiment that they belong to; may be repeated. None: all */
                experiment?: string[];
                /** @description A part of the name, in any case */
                name?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetList"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDataset"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetDetail"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_get_one: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetDetail"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DatasetUpdate"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetDetail"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_diff: {
        parameters: {
            query: {
                /** @description The version to compare with; 0 is empty */
                from: number;
                /** @description Records on the page, 1 to 500; 100 if absent */
                limit?: number;
                /** @description `next_page_token` of the page before */
                page_token?: string;
                /** @description The version to compare; the newest if absent */
                to?: number;
            };
            header?: never;
            path: {
                /** @description The dataset */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetDifferences"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_export: {
        parameters: {
            query?: {
                /** @description `jsonl` (if absent), `csv` or `parquet` */
                format?: string;
                /** @description As they were in this version; the newest if absent */
                version?: number;
            };
            header?: never;
            path: {
                /** @description The dataset */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_import: {
        parameters: {
            query?: {
                /** @description `NAME=TARGET`, where a column of a file goes; an empty target leaves it out; may be repeated */
                column?: string[];
                /** @description Only say what would be done */
                dry_run?: boolean;
                /** @description `jsonl` (if absent), `csv` or `parquet` */
                format?: string;
                /** @description Who imports */
                user?: string;
            };
            header?: never;
            path: {
                /** @description The dataset */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": number[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetImportResult"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_list_records: {
        parameters: {
            query?: {
                /** @description Records on the page, 1 to 1000; 200 if absent */
                limit?: number;
                /** @description `next_page_token` of the page before */
                page_token?: string;
                /** @description Only those with this text in inputs, outputs, expectations or tags */
                text?: string;
                /** @description As they were in this version; now if absent */
                version?: number;
            };
            header?: never;
            path: {
                /** @description The dataset */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetRecordList"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_add_records: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The dataset */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDatasetRecords"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetChangeResult"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_get_record: {
        parameters: {
            query?: {
                /** @description As it was in this version of the dataset; now if absent */
                version?: number;
            };
            header?: never;
            path: {
                /** @description The dataset */
                dataset_id: string;
                /** @description The record */
                record_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetRecord"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_edit_record: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The dataset */
                dataset_id: string;
                /** @description The record */
                record_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DatasetRecordEdit"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetRecord"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["StaleDatasetRecord"];
                };
            };
        };
    };
    datasets_delete_records: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The dataset */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DatasetRecordRemoval"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetChangeResult"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_add_traces: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The dataset */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecordsFromTraces"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecordsFromTracesResult"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    datasets_list_versions: {
        parameters: {
            query?: {
                /** @description Only those before this one */
                before?: number;
                /** @description Versions on the page, 1 to 1000; 100 if absent */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The dataset */
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetVersionList"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    experiments_list: {
        parameters: {
            query?: {
                /** @description List deleted ones instead of active ones */
                deleted?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentList"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    experiments_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewExperiment"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    experiments_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                experiment_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    experiments_rename: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                experiment_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewExperiment"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redaction_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                experiment_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentRedaction"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redaction_set: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                experiment_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedactionRules"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentRedaction"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redaction_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                experiment_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redaction_test: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                experiment_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedactionTest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedactionTestResult"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    experiments_restore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id */
                experiment_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_export: {
        parameters: {
            query: {
                /** @description Name or id of an experiment; may be repeated. None: all active ones. */
                experiment: string[];
                /** @description Of the filter language; none: all. */
                filter?: string;
                /** @description `jsonl` (if absent) or `otlp-json` */
                format?: string;
                /** @description Started at or after: milliseconds since the epoch, ISO 8601, or relative to now (`-1h`). */
                from?: string;
                /** @description Started before; written as `from`. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    filter_check: {
        parameters: {
            query?: {
                /** @description The order */
                order_by?: string;
                /** @description The filter */
                text?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FilterCheck"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    filter_completion: {
        parameters: {
            query?: {
                /** @description Where in it, in bytes of UTF-8; the end if absent */
                cursor?: number;
                /** @description Name or id of an experiment to take names and values from; may be repeated */
                experiment?: string[];
                /** @description Take them from traces that started at or after this */
                from?: string;
                /** @description The filter, which need not be valid */
                text?: string;
                /** @description Take them from traces that started before this */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Completion"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_import: {
        parameters: {
            query?: {
                /** @description Name of the experiment to put all traces into; it is created if there is none */
                experiment?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-ndjson": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportResult"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    server_info: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Info"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics_models: {
        parameters: {
            query: {
                /** @description Name or id of an experiment; may be repeated. None: all active ones. */
                experiment: string[];
                /** @description Of the filter language; none: all. */
                filter?: string;
                /** @description Started at or after: milliseconds since the epoch, ISO 8601, or relative to now (`-1h`). */
                from?: string;
                /** @description `model` (if absent), `provider`, `experiment` or `none` */
                group_by?: string;
                /** @description Series at most, 1 to 100; 20 if absent. What more groups there are is one series together. */
                groups?: number;
                /**
                 * @description Length of the stretches of time: `15m`, `30m`, `1h`, `2h`, `3h`, `4h`, `6h`, `12h`, `1d`, `1w` or `1mo`; absent:
                 *     the shortest of which there are at most 120. `from` and `to` are widened to whole ones.
                 */
                interval?: string;
                /** @description IANA name of the time zone whose hours and days count, such as `Europe/Berlin`; UTC if absent. */
                time_zone?: string;
                /** @description Started before; written as `from`. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Metrics"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics_traces: {
        parameters: {
            query: {
                /** @description Name or id of an experiment; may be repeated. None: all active ones. */
                experiment: string[];
                /** @description Of the filter language; none: all. */
                filter?: string;
                /** @description Started at or after: milliseconds since the epoch, ISO 8601, or relative to now (`-1h`). */
                from?: string;
                /** @description `none` (if absent) or `experiment` */
                group_by?: string;
                /** @description Series at most, 1 to 100; 20 if absent. What more groups there are is one series together. */
                groups?: number;
                /**
                 * @description Length of the stretches of time: `15m`, `30m`, `1h`, `2h`, `3h`, `4h`, `6h`, `12h`, `1d`, `1w` or `1mo`; absent:
                 *     the shortest of which there are at most 120. `from` and `to` are widened to whole ones.
                 */
                interval?: string;
                /** @description IANA name of the time zone whose hours and days count, such as `Europe/Berlin`; UTC if absent. */
                time_zone?: string;
                /** @description Started before; written as `from`. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Metrics"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prices_get_state: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceState"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prices_update: {
        parameters: {
            query?: {
                /** @description Where the list is from, if it does not say; e.g. a URL */
                source?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceUpdate"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prices_reset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prices_find: {
        parameters: {
            query: {
                /** @description Name or id of the experiment */
                experiment?: string;
                /** @description The model, as a span spells it */
                model: string;
                /** @description The provider, as a span spells it */
                provider?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceMatch"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prices_set: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPriceOverride"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceOverride"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prices_unset: {
        parameters: {
            query: {
                /** @description Name or id of the experiment; absent for those of all */
                experiment?: string;
                /** @description The model */
                model: string;
                /** @description The provider that they hold for; absent for those of any */
                provider?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prices_rows: {
        parameters: {
            query?: {
                /** @description A part of the model's name, in any case */
                contains?: string;
                /** @description At most so many; 100 if absent, up to 1000 */
                limit?: number;
                /** @description The provider, as the list calls it */
                provider?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceRows"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prompts_list: {
        parameters: {
            query?: {
                /** @description A part of the name, in any case */
                name?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PromptList"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prompts_get_one: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PromptDetail"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prompts_get_version: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The prompt's name */
                name: string;
                /** @description Its number, or an alias; `latest` is the largest number */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PromptVersion"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redaction_info: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedactionInfo"];
                };
            };
        };
    };
    server_renormalize: {
        parameters: {
            query: {
                /** @description Name or id of an experiment; may be repeated. None: all, deleted ones included. */
                experiment: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["RenormalizeLine"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    server_retention: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_list: {
        parameters: {
            query?: {
                /** @description Name or id of an experiment; may be repeated. None: all active ones */
                experiment?: string[];
                /** @description On `metrics.x`, `params.x`, `tags.x`, `status`, `run_name`, `start_time` and others of MLflow's, also with OR, NOT and parentheses */
                filter?: string;
                /** @description Runs on the page, 1 to 1000; 100 if absent */
                limit?: number;
                /** @description `field [ASC|DESC]`, separated by commas; newest first if absent */
                order_by?: string;
                /** @description `next_page_token` of the page before */
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunList"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_get_one: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The run */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs_get_results: {
        parameters: {
            query?: {
                /** @description The run to compare with */
                baseline?: string;
            };
            header?: never;
            path: {
                /** @description The run */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunResults"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sessions_list: {
        parameters: {
            query: {
                /** @description Name or id of an experiment; may be repeated. None: all active ones. */
                experiment: string[];
                /** @description Of the filter language; none: all. */
                filter?: string;
                /** @description Started at or after: milliseconds since the epoch, ISO 8601, or relative to now (`-1h`). */
                from?: string;
                /** @description Sessions on the page, 1 to 500; 50 if absent */
                limit?: number;
                /** @description `next_page_token` of the page before */
                page_token?: string;
                /** @description Started before; written as `from`. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_list: {
        parameters: {
            query: {
                /** @description Name or id of an experiment; may be repeated. None: all active ones. */
                experiment: string[];
                /** @description Of the filter language; none: all. */
                filter?: string;
                /** @description Started at or after: milliseconds since the epoch, ISO 8601, or relative to now (`-1h`). */
                from?: string;
                /** @description Traces on the page, 1 to 1000; 50 if absent */
                limit?: number;
                /** @description `field [ASC|DESC]`, separated by commas; newest first if absent */
                order_by?: string;
                /** @description `next_page_token` of the page before */
                page_token?: string;
                /** @description Started before; written as `from`. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraceList"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_get_one: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The trace; `tr-` may be left out */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraceRecord"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_delete_one: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    assessments_create: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAssessment"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assessment"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    assessments_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The assessment */
                assessment_id: string;
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    assessments_change: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The assessment */
                assessment_id: string;
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AssessmentChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assessment"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_export_trace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                    "application/x-protobuf": number[];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_previews: {
        parameters: {
            query: {
                /** @description A span, 16 hex digits; repeated, at most 200 */
                span: string[];
            };
            header?: never;
            path: {
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Previews"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_get_span: {
        parameters: {
            query?: {
                /** @description Attributes with longer values come without them; 65536 if absent */
                value_bytes?: number;
            };
            header?: never;
            path: {
                /** @description The span, 16 hex digits */
                span_id: string;
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SpanDetail"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_get_attribute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The attribute's key */
                key: string;
                /** @description The span, 16 hex digits */
                span_id: string;
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_set_tag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The tag's key */
                key: string;
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TagValue"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_delete_tag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The tag's key */
                key: string;
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_get_tree: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tree"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_explain_usage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The trace */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageExplained"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResult"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_facets: {
        parameters: {
            query: {
                /** @description How long to look at spans for the selection, 1 to 10000; as long as it takes if absent */
                budget_ms?: number;
                /** @description Only values that contain this text, in any case */
                containing?: string;
                /** @description Name or id of an experiment; may be repeated. None: all active ones. */
                experiment: string[];
                /** @description A field as the filter language names it; may be repeated. None: a useful set */
                field?: string[];
                /** @description Of the filter language; none: all. */
                filter?: string;
                /** @description Started at or after: milliseconds since the epoch, ISO 8601, or relative to now (`-1h`). */
                from?: string;
                /** @description Values a field, 1 to 100; 10 if absent */
                limit?: number;
                /** @description Started before; written as `from`. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Facets"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_histogram: {
        parameters: {
            query: {
                /** @description Buckets at most, 1 to 500; 60 if absent */
                buckets?: number;
                /** @description How long to look at spans, 1 to 10000; as long as it takes if absent */
                budget_ms?: number;
                /** @description Name or id of an experiment; may be repeated. None: all active ones. */
                experiment: string[];
                /** @description Of the filter language; none: all. */
                filter?: string;
                /** @description Started at or after: milliseconds since the epoch, ISO 8601, or relative to now (`-1h`). */
                from?: string;
                /** @description Started before; written as `from`. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Histogram"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_stream_traces: {
        parameters: {
            query?: {
                /** @description Name or id of an experiment; may be repeated. None: all active ones */
                experiment?: string[];
                /** @description Of the filter language; none: all */
                filter?: string;
            };
            header?: {
                /** @description The id of the last event that was seen */
                "Last-Event-ID"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["TraceSummary"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    traces_tag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkTagRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResult"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
