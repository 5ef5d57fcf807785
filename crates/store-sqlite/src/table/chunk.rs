//! The columns of traces with neighbouring keys.

use super::bits::{Bits, CHUNK_ROWS};
use super::dictionary::Code;
use super::ints::Ints;
use super::summary::Summary;
use spanwise_model::TraceState;

/// A sparse column with more rows than this becomes dense: the memory of both is then about the same.
const SPARSE_ROWS_MAX: usize = 512;

/// What a resource is known by: 0 = none, else its number + 1.
pub(crate) type ResourceCode = u32;

/// The traces whose keys begin with one number: a row is a key's remainder, so nothing has to be looked up.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    /// Rows with a trace that can be seen; what the columns hold of others means nothing.
    pub(crate) live: Bits,
    /// Rows of whose spans the word index holds what filters see, neither more nor less: each came once, without log
    /// records.
    pub(crate) plain: Bits,
    /// Rows by state, in the order of their numbers.
    pub(crate) states: [Bits; 4],
    /// Rows with a duration.
    pub(crate) has_duration: Bits,
    /// Rows with tokens.
    pub(crate) has_usage: Bits,
    /// Rows with a cost.
    pub(crate) has_cost: Bits,
    /// Rows that have a tag, metadata or assessment for which there is no column.
    pub(crate) untracked: Bits,
    pub(crate) start_ns: Vec<i64>,
    pub(crate) duration_ns: Ints,
    pub(crate) experiment: Ints,
    pub(crate) span_count: Ints,
    pub(crate) total_tokens: Ints,
    pub(crate) input_tokens: Ints,
    pub(crate) output_tokens: Ints,
    /// Tokens + 1; 0 = not reported.
    pub(crate) cache_read_tokens: Ints,
    /// Tokens + 1; 0 = not reported.
    pub(crate) cache_write_tokens: Ints,
    pub(crate) cost_total: Vec<f64>,
    pub(crate) resource: Ints,
    /// Columns of texts by the number of their field.
    texts: Vec<(u16, TextColumn)>,
    /// No live row started earlier or later; some may have when they began to be.
    pub(crate) start_range: (i64, i64),
}

/// The codes of one field.
#[derive(Debug, Clone)]
pub(crate) enum TextColumn {
    /// A code for each row.
    Dense(Ints),
    /// Rows that have a code, in order.
    Sparse(Vec<(u16, Code)>),
}

impl Default for Chunk {
    fn default() -> Self {
        Chunk {
            live: Bits::NONE,
            plain: Bits::NONE,
            states: [Bits::NONE; 4],
            has_duration: Bits::NONE,
            has_usage: Bits::NONE,
            has_cost: Bits::NONE,
            untracked: Bits::NONE,
            start_ns: Vec::new(),
            duration_ns: Ints::default(),
            experiment: Ints::default(),
            span_count: Ints::default(),
            total_tokens: Ints::default(),
            input_tokens: Ints::default(),
            output_tokens: Ints::default(),
            cache_read_tokens: Ints::default(),
            cache_write_tokens: Ints::default(),
            cost_total: Vec::new(),
            resource: Ints::default(),
            texts: Vec::new(),
            start_range: (i64::MAX, i64::MIN),
        }
    }
}

impl Chunk {
    /// Takes over the numbers of a trace; its texts are set by themselves.
    pub(crate) fn set_numbers(&mut self, row: usize, summary: &Summary, resource: ResourceCode) {
        self.live.set(row, true);
        self.plain.set(row, summary.is_plain);
        for (number, state) in STATES.iter().enumerate() {
            self.states[number].set(row, *state == summary.state);
        }
        self.start_range.0 = self.start_range.0.min(summary.start_ns);
        self.start_range.1 = self.start_range.1.max(summary.start_ns);
        if row >= self.start_ns.len() {
            self.start_ns.resize(row + 1, 0);
        }
        self.start_ns[row] = summary.start_ns;
        self.has_duration.set(row, summary.duration_ns.is_some());
        self.duration_ns.set(row, summary.duration_ns.unwrap_or(0));
        self.experiment.set(row, summary.experiment_id);
        self.span_count.set(row, summary.span_count);
        self.resource.set(row, i64::from(resource));
        let tokens = summary.tokens.unwrap_or_default();
        self.has_usage.set(row, summary.tokens.is_some());
        self.total_tokens.set(row, tokens.total);
        self.input_tokens.set(row, tokens.input);
        self.output_tokens.set(row, tokens.output);
        self.cache_read_tokens.set(row, optional(tokens.cache_read));
        self.cache_write_tokens.set(row, optional(tokens.cache_write));
        self.has_cost.set(row, summary.cost_total.is_some());
        let cost = summary.cost_total.unwrap_or(0.0);
        if row >= self.cost_total.len() && cost != 0.0 {
            self.cost_total.resize(row + 1, 0.0);
        }
        if let Some(place) = self.cost_total.get_mut(row) {
            *place = cost;
        }
    }

    /// Sets the code of a text; 0 takes it out.
    pub(crate) fn set_text(&mut self, row: usize, field: u16, code: Code) {
        match self.texts.binary_search_by_key(&field, |(number, _)| *number) {
            Ok(at) => self.texts[at].1.set(row, code),
            Err(_) if code == 0 => {}
            Err(at) => {
                let mut column = TextColumn::Sparse(Vec::new());
                column.set(row, code);
                self.texts.insert(at, (field, column));
            }
        }
    }

    /// Takes out the texts of a row in all fields for which `is_wanted` holds.
    pub(crate) fn clear_texts(&mut self, row: usize, is_wanted: impl Fn(u16) -> bool) {
        for (field, column) in &mut self.texts {
            if is_wanted(*field) && column.get(row) != 0 {
                column.set(row, 0);
            }
        }
    }

    /// Puts new codes in the place of old ones in a field; hashes stay.
    pub(crate) fn recode(&mut self, field: u16, codes: &[Code]) {
        if let Ok(at) = self.texts.binary_search_by_key(&field, |(number, _)| *number) {
            self.texts[at].1.recode(codes);
        }
    }

    /// Returns the column of a field, if some row has a text in it.
    pub(crate) fn text(&self, field: u16) -> Option<&TextColumn> {
        let at = self.texts.binary_search_by_key(&field, |(number, _)| *number).ok()?;
        Some(&self.texts[at].1)
    }

    /// Returns the code that a row has in a field; 0 = none.
    pub(crate) fn code(&self, field: u16, row: usize) -> Code {
        self.text(field).map_or(0, |column| column.get(row))
    }

    /// Returns the cost of a row that has one.
    pub(crate) fn cost(&self, row: usize) -> f64 {
        self.cost_total.get(row).copied().unwrap_or(0.0)
    }

    /// Returns the state of a live row.
    pub(crate) fn state(&self, row: usize) -> TraceState {
        let number = self.states.iter().position(|rows| rows.contains(row)).unwrap_or(0);
        STATES[number]
    }

    /// Returns about how much memory it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        let ints = [
            &self.duration_ns,
            &self.experiment,
            &self.span_count,
            &self.total_tokens,
            &self.input_tokens,
            &self.output_tokens,
            &self.cache_read_tokens,
            &self.cache_write_tokens,
            &self.resource,
        ];
        size_of::<Chunk>()
            + (self.start_ns.len() + self.cost_total.len()) * 8
            + ints.into_iter().map(Ints::memory_bytes).sum::<usize>()
            + self.texts.iter().map(|(_, column)| column.memory_bytes()).sum::<usize>()
    }
}

/// The states in the order of their numbers.
pub(crate) const STATES: [TraceState; 4] =
    [TraceState::Unspecified, TraceState::Ok, TraceState::Error, TraceState::InProgress];

/// A count that may be absent, as a number that is 0 then.
fn optional(count: Option<i64>) -> i64 {
    count.map_or(0, |count| count.saturating_add(1))
}

impl TextColumn {
    /// Returns the code of a row; 0 = none.
    pub(crate) fn get(&self, row: usize) -> Code {
        match self {
            TextColumn::Dense(codes) => codes.get(row) as Code,
            TextColumn::Sparse(codes) => {
                codes.binary_search_by_key(&(row as u16), |(row, _)| *row).map_or(0, |at| codes[at].1)
            }
        }
    }

    /// Returns the rows whose code satisfies `test`.
    pub(crate) fn rows_where(&self, test: impl Fn(Code) -> bool) -> Bits {
        match self {
            TextColumn::Dense(codes) => codes.rows_where(|code| test(code as Code)),
            TextColumn::Sparse(codes) => {
                let mut rows = if test(0) { Bits::ALL } else { Bits::NONE };
                codes.iter().for_each(|(row, code)| rows.set(usize::from(*row), test(*code)));
                rows
            }
        }
    }

    /// Visits the codes of all rows that have one.
    pub(crate) fn each_code(&self, mut visit: impl FnMut(Code)) {
        match self {
            TextColumn::Dense(codes) => {
                (0..CHUNK_ROWS)
                    .map(|row| codes.get(row))
                    .filter(|code| *code != 0)
                    .for_each(|code| visit(code as Code));
            }
            TextColumn::Sparse(codes) => codes.iter().for_each(|(_, code)| visit(*code)),
        }
    }

    fn recode(&mut self, codes: &[Code]) {
        let new = |old: Code| codes.get(old as usize).copied().unwrap_or(old);
        match self {
            TextColumn::Dense(column) => {
                // Made anew, so that it is as narrow as the new codes.
                let mut recoded = Ints::default();
                for row in 0..CHUNK_ROWS {
                    recoded.set(row, i64::from(new(column.get(row) as Code)));
                }
                *column = recoded;
            }
            TextColumn::Sparse(column) => column.iter_mut().for_each(|(_, code)| *code = new(*code)),
        }
    }

    fn set(&mut self, row: usize, code: Code) {
        match self {
            TextColumn::Dense(codes) => codes.set(row, i64::from(code)),
            TextColumn::Sparse(codes) => {
                match codes.binary_search_by_key(&(row as u16), |(row, _)| *row) {
                    Ok(at) if code == 0 => drop(codes.remove(at)),
                    Ok(at) => codes[at].1 = code,
                    Err(_) if code == 0 => {}
                    Err(at) => codes.insert(at, (row as u16, code)),
                }
                if codes.len() > SPARSE_ROWS_MAX {
                    let mut dense = Ints::default();
                    codes.iter().for_each(|(row, code)| dense.set(usize::from(*row), i64::from(*code)));
                    *self = TextColumn::Dense(dense);
                }
            }
        }
    }

    fn memory_bytes(&self) -> usize {
        size_of::<(u16, TextColumn)>()
            + match self {
                TextColumn::Dense(codes) => codes.memory_bytes(),
                TextColumn::Sparse(codes) => codes.len() * size_of::<(u16, Code)>(),
            }
    }
}

/// Returns the chunk and the row of a trace.
pub(crate) fn place(trace_key: i64) -> (i64, usize) {
    let rows = CHUNK_ROWS as i64;
    (trace_key.div_euclid(rows), trace_key.rem_euclid(rows) as usize)
}

/// Returns the trace of a row.
pub(crate) fn trace_key(chunk: i64, row: usize) -> i64 {
    chunk * CHUNK_ROWS as i64 + row as i64
}
