//! A trace's skeleton as rows, and their place in the tree. Pure.
//!
//! Nothing here recurses: a trace may nest a hundred thousand deep.

use crate::api::{SparseDictionary, TreeColumns};
use anyhow::{Result, ensure};

/// The status of a failed span in the skeleton.
const STATUS_ERROR: u8 = b'2';
/// Hexadecimal digits of a span id.
const ID_DIGITS: usize = 16;

/// What a line of the tree shows of a span.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Span {
    pub(super) id: String,
    pub(super) name: usize,
    pub(super) span_type: usize,
    pub(super) model: Option<usize>,
    /// From the start of the trace.
    pub(super) start_ns: i64,
    /// Nothing while it is open.
    pub(super) duration_ns: Option<i64>,
    pub(super) is_failed: bool,
    pub(super) tokens: Option<u64>,
    pub(super) cost: Option<f64>,
}

/// All spans of a trace as a forest.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) spans: Vec<Span>,
    pub(super) names: Vec<String>,
    pub(super) types: Vec<String>,
    pub(super) models: Vec<String>,
    /// Rows without a parent, by start.
    pub(super) roots: Vec<usize>,
    /// Each row's children, by start.
    pub(super) children: Vec<Vec<usize>>,
}

impl Outline {
    /// Reads the columns of an answer.
    pub(super) fn read(tree: TreeColumns) -> Result<Outline> {
        let count = tree.count;
        let lengths = [tree.parents.len(), tree.starts.len(), tree.durations.len(), tree.statuses.len()];
        let is_sound = lengths.iter().all(|&length| length == count)
            && [tree.names.rows.len(), tree.types.rows.len()].iter().all(|&length| length == count)
            && tree.ids.is_ascii()
            && tree.ids.len() == count * ID_DIGITS
            && tree.names.rows.iter().all(|&row| row < tree.names.values.len())
            && tree.types.rows.iter().all(|&row| row < tree.types.values.len());
        ensure!(is_sound, "the answer is no tree: its columns differ in length");
        let mut spans = Vec::with_capacity(count);
        let mut start_ns: i64 = 0;
        for row in 0..count {
            start_ns = start_ns.saturating_add(tree.starts[row]);
            spans.push(Span {
                id: tree.ids[row * ID_DIGITS..(row + 1) * ID_DIGITS].to_owned(),
                name: tree.names.rows[row],
                span_type: tree.types.rows[row],
                model: None,
                start_ns,
                duration_ns: (tree.durations[row] >= 0).then_some(tree.durations[row]),
                is_failed: tree.statuses.as_bytes()[row] == STATUS_ERROR,
                tokens: None,
                cost: None,
            });
        }
        set_sparse(&mut spans, &tree.usage.rows, &tree.usage.total, |span, total| span.tokens = Some(total))?;
        set_sparse(&mut spans, &tree.cost.rows, &tree.cost.total, |span, total| span.cost = Some(total))?;
        let SparseDictionary { values, rows, indexes } = tree.models;
        ensure!(
            indexes.iter().all(|&index| index < values.len()),
            "the answer is no tree: a model is missing"
        );
        set_sparse(&mut spans, &rows, &indexes, |span, index| span.model = Some(index))?;
        let parents =
            tree.parents.iter().map(|&parent| usize::try_from(parent).ok().filter(|&row| row < count));
        Ok(Outline {
            names: tree.names.values,
            types: tree.types.values,
            models: values,
            ..Outline::new(spans, parents.collect())
        })
    }

    /// Makes the forest of spans with their parents' rows. A cycle hangs from the first of its rows.
    pub(super) fn new(spans: Vec<Span>, mut parents: Vec<Option<usize>>) -> Outline {
        break_cycles(&mut parents);
        let mut by_start: Vec<usize> = (0..spans.len()).collect();
        by_start.sort_by_key(|&row| spans[row].start_ns);
        let mut children = vec![Vec::new(); spans.len()];
        let mut roots = Vec::new();
        for row in by_start {
            match parents[row] {
                Some(parent) => children[parent].push(row),
                None => roots.push(row),
            }
        }
        Outline { spans, roots, children, ..Outline::default() }
    }

    /// Returns all rows, each after its parent.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.spans.len());
        let mut open: Vec<usize> = self.roots.iter().rev().copied().collect();
        while let Some(row) = open.pop() {
            order.push(row);
            open.extend(self.children[row].iter().rev());
        }
        order
    }

    /// Leaves only failed spans and what leads to them.
    pub(super) fn keep_errors(&mut self) {
        let mut is_kept: Vec<bool> = self.spans.iter().map(|span| span.is_failed).collect();
        for row in self.in_order().into_iter().rev() {
            is_kept[row] |= self.children[row].iter().any(|&child| is_kept[child]);
        }
        self.roots.retain(|&row| is_kept[row]);
        for children in &mut self.children {
            children.retain(|&row| is_kept[row]);
        }
    }
}

/// Gives values to the rows that have one; `rows` are differences to the row before.
fn set_sparse<T: Copy>(
    spans: &mut [Span],
    rows: &[usize],
    values: &[T],
    set: impl Fn(&mut Span, T),
) -> Result<()> {
    let mut row: usize = 0;
    for (step, value) in rows.iter().zip(values) {
        row = row.saturating_add(*step);
        ensure!(row < spans.len(), "the answer is no tree: a value belongs to row {row} of {}", spans.len());
        set(&mut spans[row], *value);
    }
    Ok(())
}

/// Cuts each cycle open at the first of its rows.
fn break_cycles(parents: &mut [Option<usize>]) {
    // Which walk has seen a row; a walk that meets itself has found a cycle.
    let mut seen_by = vec![usize::MAX; parents.len()];
    for start in 0..parents.len() {
        let mut row = start;
        while seen_by[row] == usize::MAX {
            seen_by[row] = start;
            let Some(parent) = parents[row] else { break };
            if seen_by[parent] == start {
                parents[first_of_cycle(parents, parent)] = None;
                break;
            }
            row = parent;
        }
    }
}

fn first_of_cycle(parents: &[Option<usize>], start: usize) -> usize {
    let (mut first, mut row) = (start, start);
    while let Some(parent) = parents[row].filter(|&parent| parent != start) {
        row = parent;
        first = first.min(row);
    }
    first
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// Makes an outline of (name, parent row, start); a name that ends in `!` is that of a failed span.
    pub(crate) fn outline(spans: &[(&str, Option<usize>, i64)]) -> Outline {
        let span = |(row, &(name, _, start_ns)): (usize, &(&str, Option<usize>, i64))| Span {
            id: format!("{row:016x}"),
            name: row,
            span_type: 0,
            model: None,
            start_ns,
            duration_ns: Some(10),
            is_failed: name.ends_with('!'),
            tokens: None,
            cost: None,
        };
        let parents = spans.iter().map(|(_, parent, _)| *parent).collect();
        Outline {
            names: spans.iter().map(|(name, _, _)| (*name).to_owned()).collect(),
            types: vec!["TOOL".to_owned()],
            ..Outline::new(spans.iter().enumerate().map(span).collect(), parents)
        }
    }

    fn check(spans: &[(&str, Option<usize>, i64)], expected: &[&str]) {
        let outline = outline(spans);
        let order: Vec<&str> =
            outline.in_order().into_iter().map(|row| outline.names[row].as_str()).collect();
        assert_eq!(order, expected);
    }

    #[test]
    fn children_follow_their_parent_by_start() {
        check(
            &[("root", None, 0), ("late", Some(0), 9), ("early", Some(0), 2), ("below", Some(2), 3)],
            &["root", "early", "below", "late"],
        );
    }

    #[test]
    fn every_span_of_a_cycle_is_there_once() {
        check(&[("a", Some(1), 1), ("b", Some(0), 2), ("c", Some(2), 3)], &["a", "b", "c"]);
        check(&[("a", Some(2), 1), ("b", Some(2), 2), ("c", Some(1), 3)], &["b", "c", "a"]);
    }

    #[test]
    fn only_what_leads_to_an_error_is_kept() {
        let mut outline = outline(&[
            ("root", None, 0),
            ("fine", Some(0), 1),
            ("leads", Some(0), 2),
            ("failed!", Some(2), 3),
            ("other root", None, 9),
        ]);
        outline.keep_errors();
        let order: Vec<&str> =
            outline.in_order().into_iter().map(|row| outline.names[row].as_str()).collect();
        assert_eq!(order, ["root", "leads", "failed!"]);
    }

    fn columns() -> serde_json::Value {
        json!({
            "trace_id": "tr-1", "start_ns": "5", "count": 3,
            "ids": "00000000000000010000000000000002000000000000000a",
            "parents": [-1, 0, -2], "starts": [0, 10, -4], "durations": [100, -1, 7], "statuses": "012",
            "names": {"values": ["root", "call"], "rows": [0, 1, 1]},
            "types": {"values": ["AGENT", "TOOL"], "rows": [0, 1, 1]},
            "models": {"values": ["gpt-4o"], "rows": [1, 1], "indexes": [0, 0]},
            "usage": {"rows": [0, 2], "input": [1, 2], "output": [3, 4], "total": [4, 6], "cache_read": [0, 0]},
            "cost": {"rows": [2], "total": [0.5]}, "uncounted": []
        })
    }

    #[test]
    fn columns_become_rows() {
        let outline = Outline::read(serde_json::from_value(columns()).unwrap()).unwrap();
        let [root, open, lost] = &outline.spans[..] else { panic!("three spans") };
        assert_eq!((root.start_ns, root.duration_ns, root.tokens, root.model), (0, Some(100), Some(4), None));
        assert_eq!((open.start_ns, open.duration_ns, open.is_failed, open.model), (10, None, false, Some(0)));
        assert_eq!((lost.start_ns, lost.is_failed, lost.tokens, lost.cost), (6, true, Some(6), Some(0.5)));
        assert_eq!((lost.id.as_str(), &outline.names[lost.name]), ("000000000000000a", &"call".to_owned()));
        assert_eq!(outline.roots, [0, 2]);
    }

    #[test]
    fn columns_that_do_not_fit_are_an_error() {
        for (column, value) in [
            ("parents", json!([])),
            ("ids", json!("00")),
            ("names", json!({"values": [], "rows": [0, 0, 0]})),
            ("models", json!({"values": [], "rows": [0], "indexes": [0]})),
            ("cost", json!({"rows": [3], "total": [0.5]})),
        ] {
            let mut columns = columns();
            columns[column] = value;
            assert!(Outline::read(serde_json::from_value(columns).unwrap()).is_err(), "{column}");
        }
    }
}
