//! What the spans of the newest traces say, counted by trace: from packed columns, and attributes from bodies.

use super::facet::{Counted, Counts, add};
use super::tree::TraceColumns;
use crate::search;
use crate::spans::{self, SpanReader};
use rusqlite::Connection;
use spanwise_model::limit::INDEXED_VALUE_BYTES_MAX;
use spanwise_otlp::SpanView;
use spanwise_otlp::attachment::{Kind, with_gaps};
use spanwise_store::{FacetField, StoreResult};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// Traces whose packed columns are read.
const COLUMN_TRACES_MAX: usize = 10_000;
/// Traces whose bodies are read.
const BODY_TRACES_MAX: usize = 200;
/// How long reading may take; what was counted by then is the answer.
const TIME_MAX: Duration = Duration::from_millis(400);

/// By field: its values, and how many traces were looked at.
type SpanCounts = HashMap<FacetField, (Counts, usize)>;

/// Counts those of the fields that spans have; the others are left out.
pub(super) fn count(
    conn: &Connection,
    spans: &SpanReader,
    fields: &[FacetField],
    traces: &Counted,
) -> StoreResult<SpanCounts> {
    let (of_bodies, rest): (Vec<&FacetField>, Vec<&FacetField>) =
        fields.iter().partition(|field| is_of_bodies(field));
    let of_columns: Vec<&FacetField> = rest.into_iter().filter(|field| is_of_columns(field)).collect();
    let mut out = SpanCounts::new();
    if !of_columns.is_empty() {
        count_each(&mut out, &of_columns, traces, COLUMN_TRACES_MAX, |trace_key, values| {
            column_values(conn, &of_columns, trace_key, values)
        })?;
    }
    if !of_bodies.is_empty() {
        count_each(&mut out, &of_bodies, traces, BODY_TRACES_MAX, |trace_key, values| {
            body_values(conn, spans, &of_bodies, trace_key, values)
        })?;
    }
    Ok(out)
}

fn is_of_columns(field: &FacetField) -> bool {
    matches!(
        field,
        FacetField::Model
            | FacetField::Provider
            | FacetField::SpanType
            | FacetField::SpanName
            | FacetField::SpanStatus
    )
}

fn is_of_bodies(field: &FacetField) -> bool {
    matches!(field, FacetField::AttributeKeys | FacetField::Attribute(_))
}

/// The values of one trace, field by field.
type TraceValues = [HashSet<String>];

fn count_each(
    out: &mut SpanCounts,
    fields: &[&FacetField],
    traces: &Counted,
    traces_max: usize,
    mut read: impl FnMut(i64, &mut TraceValues) -> StoreResult<()>,
) -> StoreResult<()> {
    let deadline = Instant::now() + TIME_MAX;
    let mut counts = vec![Counts::new(); fields.len()];
    let mut values = vec![HashSet::new(); fields.len()];
    let mut counted = 0;
    for trace_key in traces.keys.iter().take(traces_max) {
        read(*trace_key, &mut values)?;
        for (counts, values) in counts.iter_mut().zip(&mut values) {
            values.drain().for_each(|value| add(counts, &value));
        }
        counted += 1;
        if Instant::now() > deadline {
            break;
        }
    }
    let named = fields.iter().zip(counts).map(|(field, counts)| ((*field).clone(), (counts, counted)));
    out.extend(named);
    Ok(())
}

fn column_values(
    conn: &Connection,
    fields: &[&FacetField],
    trace_key: i64,
    values: &mut TraceValues,
) -> StoreResult<()> {
    for (columns, row) in TraceColumns::load(conn, trace_key)?.rows() {
        for (field, values) in fields.iter().zip(values.iter_mut()) {
            let text = match field {
                FacetField::Model => columns.model(row),
                FacetField::Provider => columns.provider(row),
                FacetField::SpanType => Some(columns.span_type(row)),
                FacetField::SpanName => Some(columns.name(row)),
                FacetField::SpanStatus => Some(row.status.as_str()),
                _ => None,
            };
            if let Some(text) = text.filter(|text| !values.contains(*text)) {
                values.insert(text.to_owned());
            }
        }
    }
    Ok(())
}

fn body_values(
    conn: &Connection,
    spans: &SpanReader,
    fields: &[&FacetField],
    trace_key: i64,
    values: &mut TraceValues,
) -> StoreResult<()> {
    // Blocks hold what was replaced, too: only the last word of each span counts.
    let TraceColumns { locations, mut live, .. } = TraceColumns::load(conn, trace_key)?;
    live.sort_unstable();
    for rows in live.chunk_by(|a, b| a.0 == b.0) {
        let block = match spans.block(locations[rows[0].0 as usize]) {
            // Compaction took the block away in between: the next count sees it where it is then.
            Err(error) if spans::is_gone(&error) => continue,
            block => block?,
        };
        for (_, row) in rows {
            let message = with_gaps(spans::message(&block, *row)?, Kind::Span);
            let Ok(span) = SpanView::parse(&message) else { continue };
            for (field, values) in fields.iter().zip(values.iter_mut()) {
                attribute_values(&span, field, values);
            }
        }
    }
    Ok(())
}

fn attribute_values(span: &SpanView<'_>, field: &FacetField, values: &mut HashSet<String>) {
    match field {
        FacetField::AttributeKeys => values.extend(span.attributes().map(|(key, _)| key.to_owned())),
        FacetField::Attribute(key) => {
            let text = search::attribute_text(span, key);
            values.extend(text.filter(|text| text.len() <= INDEXED_VALUE_BYTES_MAX));
        }
        _ => {}
    }
}
