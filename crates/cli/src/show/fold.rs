//! Which lines a tree has: its branches drawn, levels beyond `--depth` and long runs of siblings folded. Pure.

use super::outline::Outline;

/// Siblings of one name, one after the other, of which no more are shown.
const RUN_MAX: usize = 20;
/// How many of a longer run are.
const RUN_SHOWN: usize = 3;

/// How much of a tree is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// Levels; the root is on the first.
    pub(super) depth: usize,
    /// Whether long runs are shown whole.
    pub(super) is_unfolded: bool,
    /// Levels that are drawn; deeper spans stay in the last column.
    pub(super) drawn_levels: usize,
    /// Whether branches are drawn in ASCII.
    pub(super) is_ascii: bool,
}

/// A line of the tree.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    /// What draws the branch.
    pub(super) marks: String,
    /// What draws the branches that pass by below.
    pub(super) margin: String,
    pub(super) content: Content,
}

/// What stands on a line.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// A span, and how many below it are not shown.
    Span { row: usize, hidden: usize },
    /// Siblings that are not shown, and how many are below them.
    Run { rows: Vec<usize>, below: usize },
}

/// Something to be drawn among its siblings.
enum Item {
    Span(usize),
    Run(Vec<usize>),
}

/// An item that waits for its turn.
struct Waiting {
    item: Item,
    marks: String,
    margin: String,
    level: usize,
}

/// Returns the lines of a tree.
pub(super) fn lines(outline: &Outline, extent: &Extent) -> Vec<Line> {
    let sizes = sizes(outline);
    let mut lines = Vec::new();
    let mut waiting = Vec::new();
    for item in items(outline, &outline.roots, extent).into_iter().rev() {
        waiting.push(Waiting { item, marks: String::new(), margin: String::new(), level: 1 });
    }
    while let Some(Waiting { item, marks, margin, level }) = waiting.pop() {
        let content = match item {
            Item::Run(rows) => {
                let below = rows.iter().map(|&row| sizes[row] - 1).sum();
                Content::Run { rows, below }
            }
            Item::Span(row) if level >= extent.depth => Content::Span { row, hidden: sizes[row] - 1 },
            Item::Span(row) => {
                push_children(
                    &mut waiting,
                    items(outline, &outline.children[row], extent),
                    &margin,
                    level,
                    extent,
                );
                Content::Span { row, hidden: 0 }
            }
        };
        lines.push(Line { marks, margin, content });
    }
    lines
}

fn push_children(waiting: &mut Vec<Waiting>, items: Vec<Item>, margin: &str, level: usize, extent: &Extent) {
    let last = items.len().saturating_sub(1);
    for (index, item) in items.into_iter().enumerate().rev() {
        let (mark, space) = match (index == last, extent.is_ascii) {
            (true, false) => ("└─ ", "   "),
            (false, false) => ("├─ ", "│  "),
            (true, true) => ("`- ", "   "),
            (false, true) => ("|- ", "|  "),
        };
        let below = if level < extent.drawn_levels { format!("{margin}{space}") } else { margin.to_owned() };
        waiting.push(Waiting { item, marks: format!("{margin}{mark}"), margin: below, level: level + 1 });
    }
}

/// Returns siblings with what is beyond the first of a long run as one item.
fn items(outline: &Outline, siblings: &[usize], extent: &Extent) -> Vec<Item> {
    let mut items = Vec::new();
    for run in siblings.chunk_by(|&a, &b| outline.spans[a].name == outline.spans[b].name) {
        let shown = if extent.is_unfolded || run.len() <= RUN_MAX { run.len() } else { RUN_SHOWN };
        items.extend(run[..shown].iter().map(|&row| Item::Span(row)));
        if shown < run.len() {
            items.push(Item::Run(run[shown..].to_vec()));
        }
    }
    items
}

/// Returns how many spans each row and what is below it are.
fn sizes(outline: &Outline) -> Vec<usize> {
    let mut sizes = vec![1; outline.spans.len()];
    for row in outline.in_order().into_iter().rev() {
        sizes[row] += outline.children[row].iter().map(|&child| sizes[child]).sum::<usize>();
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::super::outline::tests::outline;
    use super::*;

    const ALL: Extent = Extent { depth: usize::MAX, is_unfolded: false, drawn_levels: 40, is_ascii: false };

    fn check(outline: &Outline, extent: &Extent, expected: &[&str]) {
        let text = |line: &Line| match &line.content {
            Content::Span { row, hidden: 0 } => {
                format!("{}{}", line.marks, outline.names[outline.spans[*row].name])
            }
            Content::Span { row, hidden } => {
                format!("{}{} +{hidden}", line.marks, outline.names[outline.spans[*row].name])
            }
            Content::Run { rows, below } => format!("{}{} more, {below} below", line.marks, rows.len()),
        };
        assert_eq!(lines(outline, extent).iter().map(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn branches_are_drawn() {
        let spans = [("a", None, 0), ("b", Some(0), 1), ("c", Some(1), 2), ("d", Some(0), 3), ("e", None, 4)];
        check(&outline(&spans), &ALL, &["a", "├─ b", "│  └─ c", "└─ d", "e"]);
        let ascii = Extent { is_ascii: true, ..ALL };
        check(&outline(&spans), &ascii, &["a", "|- b", "|  `- c", "`- d", "e"]);
    }

    #[test]
    fn levels_beyond_the_depth_are_counted() {
        let spans = [("a", None, 0), ("b", Some(0), 1), ("c", Some(1), 2), ("d", Some(2), 3)];
        check(&outline(&spans), &Extent { depth: 2, ..ALL }, &["a", "└─ b +2"]);
        check(&outline(&spans), &Extent { depth: 1, ..ALL }, &["a +3"]);
    }

    #[test]
    fn deep_levels_stay_in_the_last_column() {
        let spans = [("a", None, 0), ("b", Some(0), 1), ("c", Some(1), 2), ("d", Some(2), 3)];
        check(&outline(&spans), &Extent { drawn_levels: 1, ..ALL }, &["a", "└─ b", "└─ c", "└─ d"]);
    }

    #[test]
    fn a_long_run_of_siblings_is_folded() {
        let run = |count: i64| {
            let mut spans = vec![("root", None, 0)];
            spans.extend((1..=count).map(|start| ("call", Some(0), start)));
            spans.push(("below", Some(usize::try_from(count).unwrap()), count));
            let mut outline = outline(&spans);
            // The calls share a name.
            for span in &mut outline.spans[1..=usize::try_from(count).unwrap()] {
                span.name = 1;
            }
            outline
        };
        let whole = Extent { is_unfolded: true, ..ALL };
        assert_eq!(lines(&run(20), &ALL).len(), 22);
        check(&run(21), &ALL, &["root", "├─ call", "├─ call", "├─ call", "└─ 18 more, 1 below"]);
        assert_eq!(lines(&run(21), &whole).len(), 23);
    }
}
