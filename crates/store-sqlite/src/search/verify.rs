//! Asks of some traces whether they match: for those that the columns in memory can't tell.

use super::compile::{Narrow, compile};
use super::functions::{Current, with_current};
use super::probe::SpanProbe;
use super::run::{INSTRUCTIONS_PER_CHECK, SearchContext, search_error};
use crate::error::sql_error;
use crate::postings::TraceSet;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use spanwise_model::ExperimentId;
use spanwise_query::{Filter, SpanFilter};
use spanwise_store::StoreResult;
use std::sync::Arc;
use std::time::Instant;

/// A filter as SQL, asked of a few traces at a time.
pub(crate) struct Verifier {
    sql: String,
    parameters: Vec<Value>,
    current: Option<Current>,
    deadline: Instant,
}

impl Verifier {
    /// Compiles the filter. `narrow` says what is known of conditions on spans.
    pub(crate) fn new(
        context: &SearchContext,
        experiments: &[ExperimentId],
        filter: Option<&Filter>,
        narrow: &dyn Narrow,
        deadline: Instant,
    ) -> StoreResult<Verifier> {
        let mut compiled = compile(experiments, filter, narrow, &|| super::run::in_time(deadline))?;
        let keys = compiled.bind(String::new());
        // CROSS JOIN: the traces that are asked for come first, whatever indexes there are.
        let sql = format!(
            "SELECT t.trace_key FROM json_each({keys}) k CROSS JOIN trace t ON t.trace_key = k.value WHERE {}",
            compiled.sql
        );
        let probe = match compiled.tests.spans.is_empty() {
            true => None,
            false => Some(SpanProbe::open(&context.database, Arc::clone(&context.spans))?),
        };
        let current = Some(Current { tests: compiled.tests, probe, verdicts: Some(Vec::new()) });
        Ok(Verifier { sql, parameters: compiled.parameters, current, deadline })
    }

    /// Returns those of the traces that match.
    pub(crate) fn matching(&mut self, conn: &mut Connection, keys: &[i64]) -> StoreResult<TraceSet> {
        if let Some(last) = self.parameters.last_mut() {
            *last = Value::Text(serde_json::json!(keys).to_string());
        }
        let (sql, parameters, deadline) = (&self.sql, &self.parameters, self.deadline);
        conn.progress_handler(INSTRUCTIONS_PER_CHECK, Some(move || Instant::now() > deadline))
            .map_err(sql_error)?;
        let Some(current) = self.current.take() else { return Ok(TraceSet::default()) };
        let (result, current) = with_current(current, || {
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map(params_from_iter(parameters), |row| row.get(0))?;
            rows.collect::<rusqlite::Result<TraceSet>>()
        });
        self.current = current;
        conn.progress_handler(0, None::<fn() -> bool>).map_err(sql_error)?;
        result.map_err(search_error)
    }

    /// Takes what was learned of conditions on spans since this was asked last: for each its verdicts on traces.
    pub(crate) fn take_verdicts(&mut self) -> Vec<(&SpanFilter, Vec<(i64, bool)>)> {
        let Some(Current { tests, verdicts: Some(verdicts), .. }) = &mut self.current else {
            return Vec::new();
        };
        let mut by_condition: Vec<(&SpanFilter, Vec<(i64, bool)>)> =
            tests.spans.iter().map(|leaf| (&leaf.filter, Vec::new())).collect();
        for verdict in verdicts.drain(..) {
            by_condition[verdict.number].1.push((verdict.trace_key, verdict.holds));
        }
        by_condition.retain(|(_, verdicts)| !verdicts.is_empty());
        by_condition
    }
}
