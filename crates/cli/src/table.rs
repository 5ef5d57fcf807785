//! Tables that fit: columns give way in a fixed order until a line is no wider than the terminal. Pure.

use crate::terminal::{Painter, Style};
use crate::text::{one_line, pad, width};

/// Columns of space between two columns.
const GAP: usize = 2;

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) header: &'static str,
    /// Numbers line up at their end.
    pub(crate) is_number: bool,
    /// What a column that may be shortened keeps; none: its cells are shown whole.
    pub(crate) width_min: Option<usize>,
    /// Columns with a higher number are left out first; 0 stays.
    pub(crate) leaves: u8,
}

impl Column {
    /// A column of text that is shown whole and always.
    pub(crate) const fn new(header: &'static str) -> Self {
        Column { header, is_number: false, width_min: None, leaves: 0 }
    }

    /// Makes it a column of numbers.
    pub(crate) const fn number(mut self) -> Self {
        self.is_number = true;
        self
    }

    /// Lets its cells be shortened, down to `width_min`.
    pub(crate) const fn shrinks_to(mut self, width_min: usize) -> Self {
        self.width_min = Some(width_min);
        self
    }

    /// Lets it be left out; a higher `order` goes first.
    pub(crate) const fn leaves(mut self, order: u8) -> Self {
        self.leaves = order;
        self
    }
}

/// Text in a style.
pub(crate) type Cell = (Style, String);

/// Lays a table out for `width_max` columns, or as wide as it is; returns its lines, the header first.
pub(crate) fn layout(
    columns: &[Column],
    rows: &[Vec<Cell>],
    width_max: Option<usize>,
    painter: Painter,
) -> Vec<String> {
    let widths = fit(columns, &natural_widths(columns, rows), width_max);
    let header: Vec<Cell> = columns.iter().map(|column| (Style::Bold, column.header.to_owned())).collect();
    std::iter::once(&header).chain(rows).map(|cells| line(columns, &widths, cells, painter)).collect()
}

fn natural_widths(columns: &[Column], rows: &[Vec<Cell>]) -> Vec<usize> {
    let widest = |index: usize| rows.iter().map(|row| width(&row[index].1)).max().unwrap_or(0);
    columns.iter().enumerate().map(|(index, column)| widest(index).max(column.header.len())).collect()
}

/// Returns each column's width; `None` is a column that is left out.
fn fit(columns: &[Column], natural: &[usize], width_max: Option<usize>) -> Vec<Option<usize>> {
    let mut widths: Vec<Option<usize>> = natural.iter().copied().map(Some).collect();
    let Some(width_max) = width_max else { return widths };
    let least = |index: usize, width: usize| columns[index].width_min.map_or(width, |min| min.min(width));
    // First who stays, with all at their least; then what is left over is given back, first come first served.
    let mut leaving: Vec<usize> = (0..columns.len()).filter(|&index| columns[index].leaves > 0).collect();
    leaving.sort_by_key(|&index| columns[index].leaves);
    for (index, width) in widths.iter_mut().enumerate() {
        *width = width.map(|width| least(index, width));
    }
    while total(&widths) > width_max {
        let Some(index) = leaving.pop() else { break };
        widths[index] = None;
    }
    let mut left = width_max.saturating_sub(total(&widths));
    for (index, width) in widths.iter_mut().enumerate() {
        if let Some(width) = width {
            let more = (natural[index] - *width).min(left);
            *width += more;
            left -= more;
        }
    }
    widths
}

fn total(widths: &[Option<usize>]) -> usize {
    let shown = widths.iter().flatten();
    shown.clone().sum::<usize>() + GAP * shown.count().saturating_sub(1)
}

fn line(columns: &[Column], widths: &[Option<usize>], cells: &[Cell], painter: Painter) -> String {
    let last = widths.iter().rposition(Option::is_some);
    let mut line = String::new();
    for (index, (column, (style, text))) in columns.iter().zip(cells).enumerate() {
        let Some(width) = widths[index] else { continue };
        let text = one_line(text, width);
        // Nothing follows the last cell, so that lines of text have no spaces at their end.
        let is_padded = column.is_number || Some(index) != last;
        let text = if is_padded { pad(&text, width, column.is_number) } else { text };
        line.push_str(&painter.paint(*style, text));
        if Some(index) != last {
            line.push_str(&" ".repeat(GAP));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width_max: Option<usize>, expected: &[&str]) {
        let columns = [
            Column::new("ID"),
            Column::new("NAME").shrinks_to(5),
            Column::new("COST").number().leaves(1),
            Column::new("INPUT").shrinks_to(6).leaves(2),
        ];
        let row = |cells: [&str; 4]| cells.map(|cell| (Style::Plain, cell.to_owned())).to_vec();
        let rows = [row(["tr-1", "checkout", "1", "why is it late?"]), row(["tr-22", "chat", "20", "hi"])];
        let lines = layout(&columns, &rows, width_max, Painter::off());
        assert_eq!(lines, expected);
        let fits = |line: &String| width_max.is_none_or(|max| width(line) <= max || max < 14);
        assert!(lines.iter().all(fits));
    }

    #[test]
    fn without_a_width_a_table_is_as_wide_as_it_is() {
        check(
            None,
            &[
                "ID     NAME      COST  INPUT",
                "tr-1   checkout     1  why is it late?",
                "tr-22  chat        20  hi",
            ],
        );
    }

    #[test]
    fn texts_are_shortened_before_columns_are_left_out() {
        check(
            Some(30),
            &["ID     NAME      COST  INPUT", "tr-1   checkout     1  why is…", "tr-22  chat        20  hi"],
        );
        check(
            Some(26),
            &["ID     NAME   COST  INPUT", "tr-1   chec…     1  why i…", "tr-22  chat     20  hi"],
        );
    }

    #[test]
    fn columns_leave_in_their_order() {
        check(Some(21), &["ID     NAME      COST", "tr-1   checkout     1", "tr-22  chat        20"]);
        check(Some(15), &["ID     NAME", "tr-1   checkout", "tr-22  chat"]);
        check(Some(3), &["ID     NAME", "tr-1   chec…", "tr-22  chat"]);
    }
}
