//! The server over real sockets, on the embedded store.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod export;
mod guard;
mod inbox;
mod ingest;
mod listen;
mod mlflow;
mod mlflow_artifacts;
mod mlflow_assessments;
mod mlflow_experiments;
mod mlflow_search;
mod mlflow_spans;
mod mlflow_traces;
mod native;
mod native_archive;
mod native_datasets;
mod native_figures;
mod native_filter;
mod native_housekeeping;
mod native_import;
mod native_manage;
mod native_metrics;
mod native_openapi;
mod native_parameters;
mod native_prompts;
mod native_reviews;
mod native_runs;
mod native_spans;
mod native_stream;
mod native_traces;
mod native_ui;
mod native_versions;
mod otlp_grpc;
mod otlp_http;
mod probe;
mod sdk;
