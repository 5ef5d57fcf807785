//! The structure of a trace, from packed columns alone.

use crate::block::BlockKind;
use crate::columns::{self, Columns, Row};
use crate::segment::Location;
use crate::spans::{self, Candidate};
use rusqlite::Connection;
use spanwise_genai::rollup::UsageTree;
use spanwise_model::TraceId;
use spanwise_store::{StoreResult, TraceTree, TreeSpan};
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
    let columns = TraceColumns::load(conn, spans::key_of(conn, id)?)?;
    let mut texts = Texts::default();
    let mut usage = UsageTree::default();
    for (_, row) in columns.rows() {
        usage.insert(row.span_id, row.parent_id, row.usage, row.cost);
    }
    let spans = columns.rows().map(|(columns, row)| {
        let (tokens_count, cost_counts) = usage.counts(row.span_id);
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
            usage: row.usage,
            cost: row.cost,
            counted: tokens_count == row.usage.is_some() && cost_counts == row.cost.is_some(),
        }
    });
    let spans = spans.collect();
    Ok(TraceTree { texts: texts.list, spans })
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
