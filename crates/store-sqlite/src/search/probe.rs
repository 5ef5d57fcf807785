//! Whether some span of a trace satisfies a condition: by its packed columns where they tell, else by its body.

use crate::block::BlockKind;
use crate::columns::{self, Columns, Row};
use crate::schema;
use crate::segment::Location;
use crate::spans::{self, Candidate, SpanReader};
use rusqlite::Connection;
use spanwise_otlp::SpanView;
use spanwise_otlp::attachment::{Kind, with_gaps};
use spanwise_query::{Expr, NumberTest, SpanField, SpanFilter, SpanNumber, SpanTest, TokenPart};
use spanwise_store::StoreResult;
use std::path::Path;
use std::sync::Arc;

/// Looks at the spans of one trace after another, for one query.
pub(crate) struct SpanProbe {
    /// A connection of its own: the query's is busy while it calls.
    conn: Connection,
    spans: Arc<SpanReader>,
}

/// The spans of a trace as their columns know them.
struct TraceColumns {
    blocks: Vec<(Location, Columns)>,
    /// The last word of each span.
    live: Vec<(u32, u32)>,
}

impl SpanProbe {
    /// Opens a probe on the database at `path`.
    pub(crate) fn open(path: &Path, spans: Arc<SpanReader>) -> StoreResult<SpanProbe> {
        Ok(SpanProbe { conn: schema::open_reader(path)?, spans })
    }

    /// Returns whether some span of the trace satisfies `filter`.
    pub(crate) fn any_span(&mut self, filter: &SpanFilter, trace_key: i64) -> StoreResult<bool> {
        let trace = self.load(trace_key)?;
        let mut undecided = Vec::new();
        for (block, index) in &trace.live {
            let (location, columns) = &trace.blocks[*block as usize];
            let row = &columns.rows[*index as usize];
            match decide(filter, &|test| by_columns(columns, row, test)) {
                Some(true) => return Ok(true),
                Some(false) => {}
                None => undecided.push((*location, columns, row, *index)),
            }
        }
        for (location, columns, row, index) in undecided {
            if self.body_matches(filter, location, columns, row, index)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn load(&self, trace_key: i64) -> StoreResult<TraceColumns> {
        let mut blocks = Vec::new();
        let mut candidates = Vec::new();
        spans::for_each_block(&self.conn, trace_key, |location, kind, packed| {
            if kind == BlockKind::Spans {
                let columns = columns::unpack_spans(packed)?;
                let number = blocks.len() as u32;
                candidates.extend(
                    columns
                        .rows
                        .iter()
                        .enumerate()
                        .map(|(index, row)| Candidate::new(row, (number, index as u32))),
                );
                blocks.push((location, columns));
            }
            Ok(())
        })?;
        Ok(TraceColumns { blocks, live: spans::last_words(candidates) })
    }

    fn body_matches(
        &self,
        filter: &SpanFilter,
        location: Location,
        columns: &Columns,
        row: &Row,
        index: u32,
    ) -> StoreResult<bool> {
        let block = self.spans.block(location)?;
        let message = with_gaps(spans::message(&block, index)?, Kind::Span);
        let view = SpanView::parse(&message).ok();
        Ok(filter.holds(&mut |test| {
            by_columns(columns, row, test)
                .unwrap_or_else(|| view.as_ref().is_some_and(|view| by_body(view, test)))
        }))
    }
}

/// Decides a leaf by the columns; `None` if only the body knows.
fn by_columns(columns: &Columns, row: &Row, test: &SpanTest) -> Option<bool> {
    let (field, test) = match test {
        SpanTest::Text { field, test } => (field, test),
        SpanTest::Number { field, test } => return Some(number_matches(row, *field, *test)),
        SpanTest::Present(field) => return Some(is_present(row, *field)),
    };
    let text = match field {
        SpanField::Name => Some(columns.name(row)),
        SpanField::Type => Some(columns.span_type(row)),
        SpanField::Status => Some(row.status.as_str()),
        SpanField::Model => columns.model(row),
        SpanField::Provider => columns.provider(row),
        SpanField::Attribute(_) | SpanField::Content => return None,
    };
    Some(test.matches(text))
}

fn number_matches(row: &Row, field: SpanNumber, test: NumberTest) -> bool {
    match field {
        SpanNumber::Duration => duration_ns(row).is_some_and(|ns| test.int_range().contains(ns)),
        SpanNumber::Tokens(part) => tokens(row, part).is_some_and(|tokens| test.int_range().contains(tokens)),
        SpanNumber::Cost(part) => row.cost.as_ref().is_some_and(|cost| test.matches_float(part.of(cost))),
    }
}

fn is_present(row: &Row, field: SpanNumber) -> bool {
    match field {
        SpanNumber::Duration => row.end_ns.is_some(),
        SpanNumber::Tokens(part) => tokens(row, part).is_some(),
        SpanNumber::Cost(_) => row.cost.is_some(),
    }
}

fn duration_ns(row: &Row) -> Option<i64> {
    row.end_ns.map(|end| end.saturating_sub(row.start_ns))
}

/// Counts beyond 63 bits are nonsense and saturate.
fn tokens(row: &Row, part: TokenPart) -> Option<i64> {
    part.of(row.usage.as_ref()?).map(|count| i64::try_from(count).unwrap_or(i64::MAX))
}

fn by_body(view: &SpanView<'_>, test: &SpanTest) -> bool {
    let SpanTest::Text { field, test } = test else { return false };
    match field {
        SpanField::Attribute(key) => test.matches(super::text::attribute(view, key).as_deref()),
        SpanField::Content => {
            let mut text = String::new();
            spanwise_otlp::write_search_text(view, &mut text);
            test.matches(Some(&text))
        }
        // The columns have decided these.
        SpanField::Name | SpanField::Type | SpanField::Status | SpanField::Model | SpanField::Provider => {
            false
        }
    }
}

/// Decides an expression of which some leaves are not known; `None` if they matter.
fn decide(expr: &SpanFilter, leaf: &impl Fn(&SpanTest) -> Option<bool>) -> Option<bool> {
    match expr {
        Expr::And(parts) => decide_parts(parts, leaf, false),
        Expr::Or(parts) => decide_parts(parts, leaf, true),
        Expr::Not(inner) => decide(inner, leaf).map(|holds| !holds),
        Expr::Is(test) => leaf(test),
    }
}

/// `settles` is the value of one part that settles the whole: false for AND, true for OR.
fn decide_parts(
    parts: &[SpanFilter],
    leaf: &impl Fn(&SpanTest) -> Option<bool>,
    settles: bool,
) -> Option<bool> {
    let mut all_known = true;
    for part in parts {
        match decide(part, leaf) {
            Some(value) if value == settles => return Some(settles),
            Some(_) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(!settles)
}
