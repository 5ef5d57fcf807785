//! The structure of a trace, from packed columns alone.

use crate::block::BlockKind;
use crate::columns::{self, Columns, Row};
use crate::segment::Location;
use crate::spans::{self, Candidate};
use rusqlite::Connection;
use spanwise_genai::rollup::UsageTree;
use spanwise_model::TraceId;
use spanwise_store::{StoreResult, TraceTree, TreeReport, TreeSpan};
use std::collections::HashMap;
use std::sync::Arc;

/// The spans of a trace as their columns know them.
pub(crate) struct TraceColumns {
    pub(crate) blocks: Vec<Columns>,
    /// Where the bodies of each block are.
    pub(crate) locations: Vec<Location>,
    /// The last word of each span: block, row.
    pub(crate) live: Vec<(u32, u32)>,
}

impl TraceColumns {
    /// Reads the columns of a trace.
    pub(crate) fn load(conn: &Connection, trace_key: i64) -> StoreResult<TraceColumns> {
        let (mut blocks, mut locations) = (Vec::new(), Vec::new());
        let mut candidates = Vec::new();
        spans::for_each_block(conn, trace_key, |location, kind, packed| {
            if kind == BlockKind::Spans {
                let columns = columns::unpack_spans(packed)?;
                let number = blocks.len() as u32;
                let rows = columns.rows.iter().enumerate();
                candidates.extend(rows.map(|(index, row)| Candidate::new(row, (number, index as u32))));
                blocks.push(columns);
                locations.push(location);
            }
            Ok(())
        })?;
        Ok(TraceColumns { blocks, locations, live: spans::last_words(candidates) })
    }

    /// Returns the spans in the order in which they are given out.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Columns, &Row)> {
        self.live.iter().map(|(block, row)| {
            let columns = &self.blocks[*block as usize];
            (columns, &columns.rows[*row as usize])
        })
    }
}

/// See [`spanwise_store::Store::read_tree`].
pub(crate) fn read_tree(conn: &Connection, id: &TraceId) -> StoreResult<TraceTree> {
    let trace_key = spans::key_of(conn, id)?;
    let (mut texts, mut all, mut candidates) = (Texts::default(), Vec::new(), Vec::new());
    let mut reports = Vec::new();
    // A block at a time: its columns take four times what is kept of them.
    spans::for_each_block(conn, trace_key, |_, kind, packed| {
        if kind == BlockKind::Spans {
            let columns = columns::unpack_spans(packed)?;
            for row in &columns.rows {
                candidates.push(Candidate::new(row, (0, all.len() as u32)));
                all.push(tree_span(&columns, row, &mut texts, &mut reports));
            }
        }
        Ok(())
    })?;
    let order = spans::last_words(candidates);
    let spans: Vec<TreeSpan> = order.into_iter().map(|(_, index)| all[index as usize]).collect();
    let is_each_once = spans.len() == all.len();
    drop(all);
    let mut tree = TraceTree { texts: texts.list, spans, reports };
    if !is_each_once {
        drop_replaced(&mut tree);
    }
    mark_counted(&mut tree);
    Ok(tree)
}

fn tree_span(columns: &Columns, row: &Row, texts: &mut Texts, reports: &mut Vec<TreeReport>) -> TreeSpan {
    let report = (row.usage.is_some() || row.cost.is_some()).then_some(reports.len() as u32);
    if report.is_some() {
        reports.push(TreeReport { usage: row.usage, cost: row.cost, counted: true });
    }
    TreeSpan {
        span_id: row.span_id,
        parent_id: row.parent_id,
        start_ns: row.start_ns,
        end_ns: row.end_ns,
        status: row.status,
        name: texts.number(columns.name(row)),
        span_type: texts.number(columns.span_type(row)),
        model: columns.model(row).map(|text| texts.number(text)),
        provider: columns.provider(row).map(|text| texts.number(text)),
        report,
    }
}

/// Drops texts and reports of contents that were replaced.
fn drop_replaced(tree: &mut TraceTree) {
    let (mut texts, mut reports) = (Texts::default(), Vec::new());
    for span in &mut tree.spans {
        let mut again = |number: u32| texts.number(&tree.texts[number as usize]);
        (span.name, span.span_type) = (again(span.name), again(span.span_type));
        (span.model, span.provider) = (span.model.map(&mut again), span.provider.map(&mut again));
        span.report = span.report.map(|report| {
            reports.push(tree.reports[report as usize]);
            reports.len() as u32 - 1
        });
    }
    (tree.texts, tree.reports) = (texts.list, reports);
}

/// Marks reports that do not count.
fn mark_counted(tree: &mut TraceTree) {
    if tree.reports.is_empty() {
        return;
    }
    let mut usage = UsageTree::default();
    for span in &tree.spans {
        let report = tree.report(span);
        let (tokens, cost) = (report.and_then(|report| report.usage), report.and_then(|report| report.cost));
        usage.insert(span.span_id, span.parent_id, tokens, cost);
    }
    for span in &tree.spans {
        let Some(report) = span.report.and_then(|report| tree.reports.get_mut(report as usize)) else {
            continue;
        };
        let counts = usage.counts(span.span_id);
        report.counted = counts.tokens == report.usage.is_some() && counts.cost == report.cost.is_some();
    }
}

/// Texts, each once, by number.
#[derive(Default)]
struct Texts {
    list: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.list.len() as u32;
        let text: Arc<str> = text.into();
        self.list.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }
}
