//! MLflow's REST API, as its client 3.17 speaks it.
//!
//! A request is a JSON object (or a query string) that is read through [`field::Fields`]; an answer derives
//! `Serialize`. Names are `snake_case` in answers; requests may also use `lowerCamelCase`.

pub mod assessment;
pub mod dataset;
pub mod experiment;
pub mod field;
pub mod issue;
pub mod label_schema;
pub mod logged_model;
pub mod new_assessment;
pub mod registry;
pub mod review_queue;
pub mod run;
pub mod scorer;
pub mod start_trace;
pub mod tag;
pub mod time;
pub mod trace;
pub mod trace_correlation;
pub mod trace_info;
pub mod trace_metrics;
pub mod traces_json;
pub mod v2;
pub mod webhook;
