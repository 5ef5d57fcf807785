//! A trace as a tree on the terminal: branch, bar, duration, tokens, cost; errors below their spans. Pure.

use super::bar::bar;
use super::fold::{Content, Line};
use super::outline::{Outline, Span};
use crate::terminal::{Painter, Style};
use crate::text::{cost_text, count_text, counted, duration_text, one_line, pad, width};
use std::collections::HashMap;

/// Columns of space between two columns.
const GAP: usize = 2;
/// Columns of the widest branch, marks and name.
const BRANCH_WIDTH_MAX: usize = 70;
/// Columns that a branch keeps in favour of a bar.
const BRANCH_WIDTH_MIN: usize = 44;
/// Columns of a bar.
const BAR_WIDTH_MIN: usize = 16;
const BAR_WIDTH_MAX: usize = 60;
/// Columns of a line where no terminal limits it.
const WIDTH_DEFAULT: usize = 140;
/// The type of a span that nothing is known of.
const TYPE_UNKNOWN: &str = "UNKNOWN";
/// Columns of one name, type or model.
const NAME_WIDTH_MAX: usize = 60;

/// How a tree is painted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Canvas {
    /// Columns of the terminal, if it is one.
    pub(super) columns: Option<usize>,
    pub(super) is_ascii: bool,
    pub(super) has_ids: bool,
    pub(super) painter: Painter,
}

impl Canvas {
    /// Returns how many levels have room to be drawn, in the left third of a line.
    pub(super) fn drawn_levels(&self) -> usize {
        self.columns.unwrap_or(WIDTH_DEFAULT) / 3 / 3
    }
}

/// A line before the widths of the columns are known.
struct Row {
    branch: Vec<(Style, String)>,
    /// Start and end as parts of the whole, and the bar's style.
    bar: Option<(f64, f64, Style)>,
    /// Duration, tokens, cost and id, each at the end of its column.
    facts: [String; 4],
    /// A line of its own below this one.
    below: Option<(String, String)>,
}

/// Returns the lines of a tree; `errors` are the messages of failed spans by row.
pub(super) fn render(
    outline: &Outline,
    lines: &[Line],
    errors: &HashMap<usize, String>,
    canvas: &Canvas,
) -> Vec<String> {
    let range = Range::of(outline);
    let mut rows: Vec<Row> = lines.iter().map(|line| row(outline, line, errors, &range)).collect();
    if !canvas.has_ids {
        rows.iter_mut().for_each(|row| row.facts[3].clear());
    }
    let widths = Widths::fit(&rows, canvas);
    let mut rendered = vec![header(&widths, canvas.painter)];
    for row in &rows {
        rendered.push(widths.line(row, canvas));
        if let Some((margin, message)) = &row.below {
            let sign = if canvas.is_ascii { "! " } else { "✗ " };
            let left = canvas.columns.unwrap_or(usize::MAX).saturating_sub(width(margin) + GAP);
            let message = canvas.painter.paint(Style::Red, format!("{sign}{}", one_line(message, left)));
            rendered.push(format!("{}{message}", canvas.painter.paint(Style::Dim, margin)));
        }
    }
    rendered
}

/// The time that all spans together take.
struct Range {
    start_ns: i64,
    length_ns: f64,
    end_ns: i64,
}

impl Range {
    fn of(outline: &Outline) -> Range {
        let start_ns = outline.spans.iter().map(|span| span.start_ns).min().unwrap_or(0);
        let end = |span: &Span| span.start_ns.saturating_add(span.duration_ns.unwrap_or(0));
        let end_ns = outline.spans.iter().map(end).max().unwrap_or(0);
        Range { start_ns, length_ns: end_ns.saturating_sub(start_ns).max(1) as f64, end_ns }
    }

    /// Returns where a span starts and ends; an open one goes on.
    fn place(&self, span: &Span) -> (f64, f64) {
        let part = |time: i64| time.saturating_sub(self.start_ns) as f64 / self.length_ns;
        let end = span.duration_ns.map_or(self.end_ns, |duration| span.start_ns.saturating_add(duration));
        (part(span.start_ns), part(end))
    }
}

fn row(outline: &Outline, line: &Line, errors: &HashMap<usize, String>, range: &Range) -> Row {
    match &line.content {
        Content::Span { row, hidden } => span_row(outline, line, (*row, *hidden), errors, range),
        Content::Run { rows, below } => run_row(outline, line, rows, *below, range),
    }
}

fn span_row(
    outline: &Outline,
    line: &Line,
    (index, hidden): (usize, usize),
    errors: &HashMap<usize, String>,
    range: &Range,
) -> Row {
    let span = &outline.spans[index];
    let name_style = if span.is_failed { Style::Red } else { Style::Plain };
    let short = |text: &str| one_line(text, NAME_WIDTH_MAX);
    let mut branch = vec![(Style::Dim, line.marks.clone()), (name_style, short(&outline.names[span.name]))];
    // What says nothing, or says again what the name says, is left out.
    let name = &outline.names[span.name];
    let span_type = Some(&outline.types[span.span_type]).filter(|text| *text != TYPE_UNKNOWN);
    let model = span.model.map(|model| &outline.models[model]).filter(|model| !name.contains(*model));
    branch.extend(span_type.map(|text| (Style::Cyan, format!("  {}", short(text)))));
    branch.extend(model.map(|text| (Style::Dim, format!("  {}", short(text)))));
    if hidden > 0 {
        branch.push((Style::Dim, format!("  (+{} below)", count_text(hidden as u64))));
    }
    let (start, end) = range.place(span);
    let bar_style = match (span.is_failed, span.duration_ns) {
        (true, _) => Style::Red,
        (_, None) => Style::Yellow,
        _ => Style::Cyan,
    };
    let message = errors.get(&index).filter(|message| !message.trim().is_empty());
    Row {
        branch,
        bar: Some((start, end, bar_style)),
        facts: [
            span.duration_ns.map_or("open".to_owned(), duration_text),
            span.tokens.map(count_text).unwrap_or_default(),
            span.cost.map(cost_text).unwrap_or_default(),
            span.id.clone(),
        ],
        below: message.map(|message| (line.margin.clone(), message.clone())),
    }
}

fn run_row(outline: &Outline, line: &Line, rows: &[usize], below: usize, range: &Range) -> Row {
    let places = rows.iter().map(|&row| range.place(&outline.spans[row]));
    let (start, end) =
        places.fold((1.0_f64, 0.0_f64), |(start, end), place| (start.min(place.0), end.max(place.1)));
    let failed = rows.iter().filter(|&&row| outline.spans[row].is_failed).count();
    let name = rows.first().map_or("", |&row| outline.names[outline.spans[row].name].as_str());
    let mut notes = Vec::new();
    if failed > 0 {
        notes.push((Style::Red, format!("{} failed", count_text(failed as u64))));
    }
    if below > 0 {
        notes.push((Style::Dim, format!("{} below them", counted(below as u64, "span"))));
    }
    let text = format!("{} more {}", count_text(rows.len() as u64), one_line(name, NAME_WIDTH_MAX));
    let mut branch = vec![(Style::Dim, line.marks.clone()), (Style::Dim, text)];
    for (style, note) in notes {
        branch.extend([(Style::Dim, ", ".to_owned()), (style, note)]);
    }
    Row { branch, bar: Some((start, end, Style::Dim)), facts: Default::default(), below: None }
}

/// The widths of all columns; nothing for one that is left out.
struct Widths {
    branch: usize,
    bar: Option<usize>,
    facts: [Option<usize>; 4],
}

const FACT_HEADERS: [&str; 4] = ["DURATION", "TOKENS", "COST", "SPAN ID"];
const FACT_STYLES: [Style; 4] = [Style::Bold, Style::Plain, Style::Plain, Style::Dim];

impl Widths {
    fn fit(rows: &[Row], canvas: &Canvas) -> Widths {
        let fact = |index: usize| {
            let widest = rows.iter().map(|row| width(&row.facts[index])).max().unwrap_or(0);
            (widest > 0).then_some(widest.max(FACT_HEADERS[index].len()))
        };
        let facts = [0, 1, 2, 3].map(fact);
        let right: usize = facts.iter().flatten().map(|width| width + GAP).sum();
        let branch_of = |row: &Row| row.branch.iter().map(|(_, text)| width(text)).sum();
        let natural: usize = rows.iter().map(branch_of).max().unwrap_or(0);
        let left = canvas.columns.unwrap_or(WIDTH_DEFAULT).saturating_sub(right);
        // A branch gives up to the bar what it has beyond its least; without room for both, it has all.
        let least = natural.min(BRANCH_WIDTH_MIN);
        if left >= least + GAP + BAR_WIDTH_MIN {
            let branch = natural.min(BRANCH_WIDTH_MAX).min(left - GAP - BAR_WIDTH_MIN);
            let bar = (left - branch - GAP).min(BAR_WIDTH_MAX);
            return Widths { branch, bar: Some(bar), facts };
        }
        Widths { branch: natural.min(left), bar: None, facts }
    }

    fn line(&self, row: &Row, canvas: &Canvas) -> String {
        let mut line = cut_segments(&row.branch, self.branch, canvas.painter);
        let mut columns: Vec<String> = Vec::new();
        if let Some(width) = self.bar {
            let (start, end, style) = row.bar.unwrap_or((0.0, 0.0, Style::Plain));
            columns.push(canvas.painter.paint(style, bar(start, end, width, canvas.is_ascii)));
        }
        for (index, (text, width)) in row.facts.iter().zip(self.facts).enumerate() {
            let style = FACT_STYLES[index];
            columns.extend(width.map(|width| canvas.painter.paint(style, pad(text, width, true))));
        }
        for column in columns {
            line.push_str(&" ".repeat(GAP));
            line.push_str(&column);
        }
        line.truncate(line.trim_end().len());
        line
    }
}

fn header(widths: &Widths, painter: Painter) -> String {
    let mut header = pad("SPAN", widths.branch, false);
    if let Some(width) = widths.bar {
        header.push_str(&format!("{}{}", " ".repeat(GAP), pad("TIMELINE", width, false)));
    }
    for (name, width) in FACT_HEADERS.iter().zip(widths.facts) {
        if let Some(width) = width {
            header.push_str(&format!("{}{}", " ".repeat(GAP), pad(name, width, true)));
        }
    }
    painter.paint(Style::Bold, header.trim_end())
}

/// Paints segments, cut or padded to `columns` together.
fn cut_segments(segments: &[(Style, String)], columns: usize, painter: Painter) -> String {
    let mut line = String::new();
    let mut left = columns;
    let total: usize = segments.iter().map(|(_, text)| width(text)).sum();
    for (style, text) in segments {
        let taken = width(text);
        if taken > left || taken == left && total > columns {
            line.push_str(&painter.paint(*style, pad(&cut(text, left), left, false)));
            return line;
        }
        line.push_str(&painter.paint(*style, text));
        left -= taken;
    }
    line.push_str(&" ".repeat(left));
    line
}

/// Cuts a segment, which keeps its spaces at the start.
fn cut(text: &str, columns: usize) -> String {
    let trimmed = text.trim_start();
    let spaces = width(text) - width(trimmed);
    if spaces >= columns {
        return String::new();
    }
    // A cut that happens to fit must still show that something is missing.
    format!("{}{}", " ".repeat(spaces), one_line(&format!("{trimmed}…"), columns - spaces))
}

#[cfg(test)]
mod tests {
    use super::super::fold::{Extent, lines};
    use super::super::outline::tests::outline;
    use super::*;

    fn extent() -> Extent {
        Extent { depth: usize::MAX, is_unfolded: false, drawn_levels: 40, is_ascii: false }
    }

    fn canvas(columns: Option<usize>) -> Canvas {
        Canvas { columns, is_ascii: false, has_ids: false, painter: Painter::off() }
    }

    fn sample() -> Outline {
        let mut outline =
            outline(&[("root", None, 0), ("call the model", Some(0), 50), ("tool!", Some(0), 90)]);
        outline.models = vec!["gpt-4o".into()];
        outline.spans[0].duration_ns = Some(100);
        outline.spans[1].model = Some(0);
        outline.spans[1].tokens = Some(1_234);
        outline.spans[1].cost = Some(0.5);
        outline
    }

    #[test]
    fn a_tree_has_bars_numbers_and_errors() {
        let outline = sample();
        let errors = HashMap::from([(2, "connection\nrefused".to_owned())]);
        let rendered = render(&outline, &lines(&outline, &extent()), &errors, &canvas(Some(80)));
        assert_eq!(
            rendered,
            [
                "SPAN                             TIMELINE              DURATION  TOKENS     COST",
                "root  TOOL                       ████████████████████     100ns",
                "├─ call the model  TOOL  gpt-4o            ██              10ns   1,234  $0.5000",
                "└─ tool!  TOOL                                     ██      10ns",
                "   ✗ connection refused",
            ]
        );
    }

    #[test]
    fn a_line_is_never_wider_than_the_terminal() {
        let outline = sample();
        let errors = HashMap::from([(2, "a long message ".repeat(30))]);
        for columns in 40..200 {
            for line in render(&outline, &lines(&outline, &extent()), &errors, &canvas(Some(columns))) {
                assert!(width(&line) <= columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn names_go_before_bars_on_a_narrow_terminal() {
        let outline = sample();
        let rendered = render(&outline, &lines(&outline, &extent()), &HashMap::new(), &canvas(Some(60)));
        assert_eq!(rendered[0], "SPAN                             DURATION  TOKENS     COST");
    }

    #[test]
    fn what_says_nothing_new_is_left_out() {
        let mut outline = outline(&[("chat gpt-4o", None, 0), ("query", None, 1)]);
        outline.models = vec!["gpt-4o".into()];
        outline.types = vec!["CHAT_MODEL".into(), "UNKNOWN".into()];
        outline.spans[0].model = Some(0);
        (outline.spans[1].model, outline.spans[1].span_type) = (Some(0), 1);
        let rendered = render(&outline, &lines(&outline, &extent()), &HashMap::new(), &canvas(Some(40)));
        assert!(rendered[1].starts_with("chat gpt-4o  CHAT_MODEL  "), "{rendered:#?}");
        assert!(rendered[2].starts_with("query  gpt-4o  "), "{rendered:#?}");
    }

    #[test]
    fn ids_are_shown_when_asked_for() {
        let outline = sample();
        let canvas = Canvas { has_ids: true, ..canvas(Some(100)) };
        let rendered = render(&outline, &lines(&outline, &extent()), &HashMap::new(), &canvas);
        assert!(
            rendered[0].ends_with("SPAN ID") && rendered[3].ends_with("0000000000000002"),
            "{rendered:#?}"
        );
    }

    #[test]
    fn a_fold_says_what_it_hides() {
        let mut spans = vec![("root", None, 0)];
        spans.extend((1..=30).map(|start| (if start == 30 { "x!" } else { "x" }, Some(0), start)));
        spans.push(("below", Some(30), 30));
        let mut outline = outline(&spans);
        for span in &mut outline.spans[1..=30] {
            span.name = 1;
        }
        let rendered = render(&outline, &lines(&outline, &extent()), &HashMap::new(), &canvas(None));
        assert!(rendered[5].starts_with("└─ 27 more x, 1 failed, 1 span below them"), "{}", rendered[5]);
    }

    #[test]
    fn a_cut_branch_ends_with_an_ellipsis() {
        let segments = [
            (Style::Plain, "├─ ".to_owned()),
            (Style::Plain, "name".into()),
            (Style::Plain, "  TOOL".into()),
        ];
        for (columns, expected) in [
            (13, "├─ name  TOOL"),
            (15, "├─ name  TOOL  "),
            (12, "├─ name  TO…"),
            (8, "├─ name "),
            (7, "├─ nam…"),
            (5, "├─ n…"),
        ] {
            assert_eq!(cut_segments(&segments, columns, Painter::off()), expected);
        }
    }
}
