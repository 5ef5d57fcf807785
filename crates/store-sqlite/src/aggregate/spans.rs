//! Measures of spans, from their packed columns; their bodies are not read.

use super::{NS_PER_MS, place};
use crate::columns::{Columns, Row};
use crate::error::sql_error;
use crate::explore::TraceColumns;
use crate::scan;
use crate::search::{self, SearchContext};
use crate::table::trace_key;
use rusqlite::Connection;
use spanwise_genai::rollup::UsageTree;
use spanwise_model::{CostKind, Measure, MetricDimension};
use spanwise_query::{MetricFilter, SpanField};
use spanwise_store::{AggregateQuery, Grouping, SPAN_MARGIN_MS, StoreResult};

/// Traces that are read in one transaction: some milliseconds.
const TRACES_PER_READ: usize = 200;
/// What a span of no known type is called.
const NO_TYPE: &str = "UNKNOWN";

/// Adds the measures of the spans that a question is about.
pub(super) fn add(
    conn: &mut Connection,
    context: &SearchContext,
    query: &AggregateQuery,
    grouping: &mut Grouping<'_>,
) -> StoreResult<()> {
    let deadline = search::deadline();
    let traces = traces(conn, context, query)?;
    if is_of_whole_traces(query) {
        let spans = traces.iter().map(|(_, spans)| *spans).fold(0_u64, u64::saturating_add);
        if let Some(place) = place(grouping, query, 0, |_| None).filter(|_| spans > 0) {
            grouping.add_sum(place, spans, spans as f64);
        }
        return Ok(());
    }
    for some in traces.chunks(TRACES_PER_READ) {
        search::in_time(deadline)?;
        // By itself each trace would lock the database and give it back.
        let txn = conn.transaction().map_err(sql_error)?;
        for (trace_key, _) in some {
            add_trace(query, &TraceColumns::load(&txn, *trace_key)?, grouping);
        }
    }
    Ok(())
}

/// Returns whether all spans of each trace count alike, so that it is enough to know how many there are.
fn is_of_whole_traces(query: &AggregateQuery) -> bool {
    query.measure == Measure::SpanCount
        && query.dimensions.is_empty()
        && query.bucket_ms.is_none()
        && !query.filters.iter().any(|filter| matches!(filter, MetricFilter::Span(..)))
}

/// Returns the traces whose spans may count, each with how many it has.
fn traces(
    conn: &mut Connection,
    context: &SearchContext,
    query: &AggregateQuery,
) -> StoreResult<Vec<(i64, u64)>> {
    let selection = query.selection();
    let filter = selection.whole_filter();
    if let Some(selected) = scan::select(conn, context, &selection.experiments, filter.as_ref(), None)? {
        let mut traces = Vec::new();
        for (number, chunk, rows) in selected.chunks() {
            let in_time = rows.iter().filter(|row| {
                let duration_ns = chunk.has_duration.contains(*row).then(|| chunk.duration_ns.get(*row));
                may_count(query, chunk.start_ns[*row], duration_ns)
            });
            traces.extend(
                in_time.map(|row| (trace_key(number, row), chunk.span_count.get(row).max(0).cast_unsigned())),
            );
        }
        return Ok(traces);
    }
    let sql = |compiled: &mut search::Compiled| {
        format!(
            "SELECT t.trace_key, t.span_count, t.start_ns, t.duration_ns FROM trace t WHERE {}",
            compiled.sql
        )
    };
    let read = |row: &rusqlite::Row<'_>| {
        let spans: i64 = row.get(1)?;
        let may_count = may_count(query, row.get(2)?, row.get(3)?);
        Ok(may_count.then_some((row.get(0)?, spans.max(0).cast_unsigned())))
    };
    let found = search::select(conn, context, &selection.experiments, filter.as_ref(), sql, read)?;
    Ok(found.into_iter().flatten().collect())
}

/// Returns whether a trace may have a span of the time that is asked for, as [`SPAN_MARGIN_MS`] says.
fn may_count(query: &AggregateQuery, start_ns: i64, duration_ns: Option<i64>) -> bool {
    match (query.from_ms, duration_ns) {
        (Some(from_ms), Some(duration_ns)) if query.is_by_span_time() => {
            let end_ms = start_ns.saturating_add(duration_ns).div_euclid(NS_PER_MS);
            end_ms.saturating_add(SPAN_MARGIN_MS) >= from_ms
        }
        _ => true,
    }
}

fn add_trace(query: &AggregateQuery, columns: &TraceColumns, grouping: &mut Grouping<'_>) {
    let mut usage = UsageTree::default();
    if let Measure::SpanCost(_) = query.measure {
        for (_, row) in columns.rows() {
            usage.insert(row.span_id, row.parent_id, row.usage, row.cost);
        }
    }
    for (columns, row) in columns.rows() {
        let Some(value) = value(query.measure, row, &mut usage) else { continue };
        let is_asked_for = !query.is_by_span_time() || query.contains(row.start_ns.div_euclid(NS_PER_MS));
        if !is_asked_for || !query.matches_span(|field| filtered_text(columns, row, field)) {
            continue;
        }
        let text = |dimension| text(columns, row, dimension);
        if let Some(place) = place(grouping, query, row.start_ns, text) {
            grouping.add(place, value);
        }
    }
}

fn value(measure: Measure, row: &Row, usage: &mut UsageTree) -> Option<f64> {
    match measure {
        Measure::SpanLatency => {
            let duration_ns = row.end_ns?.saturating_sub(row.start_ns);
            Some(duration_ns.div_euclid(NS_PER_MS) as f64)
        }
        Measure::SpanCost(kind) => {
            let counts = usage.counts(row.span_id);
            let cost = if counts.cost { row.cost } else { counts.estimated_cost }?;
            Some(match kind {
                CostKind::Input => cost.input,
                CostKind::Output => cost.output,
                CostKind::Total => cost.total,
            })
        }
        _ => Some(1.0),
    }
}

fn span_type<'c>(columns: &'c Columns, row: &Row) -> &'c str {
    Some(columns.span_type(row)).filter(|text| !text.is_empty()).unwrap_or(NO_TYPE)
}

fn text<'c>(columns: &'c Columns, row: &Row, dimension: MetricDimension) -> Option<&'c str> {
    match dimension {
        MetricDimension::SpanName => Some(columns.name(row)),
        MetricDimension::SpanType => Some(span_type(columns, row)),
        MetricDimension::SpanStatus => Some(row.status.as_str()),
        MetricDimension::SpanModelName => columns.model(row),
        MetricDimension::SpanModelProvider => columns.provider(row),
        _ => None,
    }
}

fn filtered_text<'c>(columns: &'c Columns, row: &Row, field: &SpanField) -> &'c str {
    match field {
        SpanField::Status => row.status.as_str(),
        SpanField::Type => span_type(columns, row),
        _ => columns.name(row),
    }
}
