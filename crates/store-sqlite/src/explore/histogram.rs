//! The course of a selection over time: one pass over its rows, into buckets of a round width.

use super::sketch::DurationSketch;
use crate::scan::{self, Selected};
use crate::search::{self, Compiled, SearchContext};
use crate::trace_row::state_from_number;
use rusqlite::Connection;
use spanwise_model::TraceState;
use spanwise_store::{Selection, StoreResult, TraceBucket, TraceHistogram};

const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MS;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Widths of buckets that a person reads easily.
const WIDTHS: [i64; 32] = [
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    500 * MS,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    30 * DAY,
    365 * DAY,
    36_500 * DAY,
];

/// Rows that are held at most, 40 bytes each.
const HELD_ROWS_MAX: usize = 1 << 17;

/// See [`spanwise_store::Store::trace_histogram`].
pub(crate) fn trace_histogram(
    conn: &mut Connection,
    context: &SearchContext,
    selection: &Selection,
    buckets_max: usize,
) -> StoreResult<TraceHistogram> {
    let from = selection.from_ms.map(|from| from.saturating_mul(MS));
    let to = selection.to_ms.map(|to| to.saturating_mul(MS).saturating_sub(1));
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Ok(TraceHistogram::default());
    }
    let filter = selection.whole_filter();
    let (experiments, budget) = (&selection.experiments, selection.budget);
    if let Some(selected) = scan::select(conn, context, experiments, filter.as_ref(), budget)? {
        return Ok(of_columns(&selected, from, to, buckets_max));
    }
    if let (Some(from), Some(to)) = (from, to) {
        let mut builder = Builder::new(from, to, buckets_max);
        each_row(conn, context, selection, |row| builder.add(&row))?;
        return Ok(builder.finish());
    }
    of_rows(conn, context, selection, (from, to), buckets_max, HELD_ROWS_MAX)
}

/// The same from rows that tell the range. Up to `held_max` of them are held, since asking twice evaluates the filter twice,
/// and one on spans may take seconds; of more, memory would grow with the result.
fn of_rows(
    conn: &mut Connection,
    context: &SearchContext,
    selection: &Selection,
    (from, to): (Option<i64>, Option<i64>),
    buckets_max: usize,
    held_max: usize,
) -> StoreResult<TraceHistogram> {
    let (mut rows, mut count) = (Vec::new(), 0_usize);
    let mut range: Option<(i64, i64)> = None;
    each_row(conn, context, selection, |row| {
        let (first, last) = range.unwrap_or((row.start_ns, row.start_ns));
        range = Some((first.min(row.start_ns), last.max(row.start_ns)));
        count += 1;
        if count <= held_max {
            rows.push(row);
        }
    })?;
    let Some((first, last)) = range else { return Ok(TraceHistogram::default()) };
    let mut builder = Builder::new(from.unwrap_or(first), to.unwrap_or(last), buckets_max);
    if count <= held_max {
        rows.iter().for_each(|row| builder.add(row));
    } else {
        drop(rows);
        each_row(conn, context, selection, |row| builder.add(&row))?;
    }
    Ok(builder.finish())
}

/// The same from the columns in memory.
fn of_columns(selected: &Selected, from: Option<i64>, to: Option<i64>, buckets_max: usize) -> TraceHistogram {
    let starts = || selected.chunks().flat_map(|(_, chunk, rows)| rows.iter().map(|row| chunk.start_ns[row]));
    let (Some(first), Some(last)) = (from.or_else(|| starts().min()), to.or_else(|| starts().max())) else {
        return TraceHistogram { open: selected.open, ..TraceHistogram::default() };
    };
    let mut builder = Builder::new(first, last, buckets_max);
    builder.out.open = selected.open;
    for (_, chunk, rows) in selected.chunks() {
        for row in rows.iter() {
            builder.add(&Row {
                start_ns: chunk.start_ns[row],
                state: chunk.state(row),
                duration_ns: chunk.has_duration.contains(row).then(|| chunk.duration_ns.get(row)),
                tokens: chunk.total_tokens.get(row).max(0) as u64,
                cost: chunk.cost(row),
            });
        }
    }
    builder.finish()
}

fn each_row(
    conn: &mut Connection,
    context: &SearchContext,
    selection: &Selection,
    mut visit: impl FnMut(Row),
) -> StoreResult<()> {
    let filter = selection.whole_filter();
    let columns = "t.start_ns, t.state, t.duration_ns, t.total_tokens, t.cost_total";
    let sql = |compiled: &mut Compiled| format!("SELECT {columns} FROM trace t WHERE {}", compiled.sql);
    let read = |row: &rusqlite::Row<'_>| {
        visit(Row {
            start_ns: row.get(0)?,
            state: state_from_number(row.get(1)?),
            duration_ns: row.get(2)?,
            tokens: row.get::<_, Option<i64>>(3)?.unwrap_or(0).max(0) as u64,
            cost: row.get::<_, Option<f64>>(4)?.unwrap_or(0.0),
        });
        Ok(())
    };
    search::select(conn, context, &selection.experiments, filter.as_ref(), sql, read)?;
    Ok(())
}

struct Row {
    start_ns: i64,
    state: TraceState,
    duration_ns: Option<i64>,
    tokens: u64,
    cost: f64,
}

struct Builder {
    out: TraceHistogram,
    by_bucket: Vec<DurationSketch>,
}

impl Builder {
    fn new(first_ns: i64, last_ns: i64, buckets_max: usize) -> Builder {
        let (start_ns, bucket_ns, count) = layout(first_ns, last_ns, buckets_max.max(1));
        let buckets = vec![TraceBucket::default(); count];
        let out = TraceHistogram { start_ns, bucket_ns, buckets, ..TraceHistogram::default() };
        Builder { out, by_bucket: vec![DurationSketch::default(); count] }
    }

    fn add(&mut self, row: &Row) {
        let out = &mut self.out;
        out.total += 1;
        out.errors += u64::from(row.state == TraceState::Error);
        out.tokens = out.tokens.saturating_add(row.tokens);
        out.cost += row.cost;
        // What no bucket is for joins the last one.
        let since = if row.start_ns > out.start_ns { row.start_ns.abs_diff(out.start_ns) } else { 0 };
        let index = since / out.bucket_ns.unsigned_abs();
        let index = usize::try_from(index).unwrap_or(usize::MAX).min(out.buckets.len() - 1);
        let bucket = &mut out.buckets[index];
        match row.state {
            TraceState::Ok => bucket.ok += 1,
            TraceState::Error => bucket.error += 1,
            TraceState::InProgress => bucket.in_progress += 1,
            TraceState::Unspecified => bucket.unspecified += 1,
        }
        bucket.tokens = bucket.tokens.saturating_add(row.tokens);
        bucket.cost += row.cost;
        if let Some(duration) = row.duration_ns {
            self.by_bucket[index].add(duration);
        }
    }

    fn finish(mut self) -> TraceHistogram {
        let mut all = DurationSketch::default();
        self.by_bucket.iter().for_each(|sketch| all.merge(sketch));
        self.out.durations = all.percentiles();
        for (bucket, sketch) in self.out.buckets.iter_mut().zip(&self.by_bucket) {
            bucket.durations = sketch.percentiles();
        }
        self.out
    }
}

/// Returns the start of the first bucket, the smallest width with which the range has at most `buckets_max` buckets, and
/// how many it has then.
fn layout(first_ns: i64, last_ns: i64, buckets_max: usize) -> (i64, i64, usize) {
    let count = |width: i64| (last_ns.div_euclid(width) - first_ns.div_euclid(width) + 1) as usize;
    match WIDTHS.into_iter().find(|width| count(*width) <= buckets_max) {
        Some(width) => (first_ns.div_euclid(width).saturating_mul(width), width, count(width)),
        // The range is centuries long, or a border that all widths share (1970) is in the middle of too few buckets:
        // equal parts then, and what is beyond the last one joins it.
        None => {
            let range = first_ns.abs_diff(last_ns);
            let width = i64::try_from((range / buckets_max as u64).saturating_add(1)).unwrap_or(i64::MAX);
            (first_ns, width, buckets_max)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OpenOptions, SqliteStore, schema};
    use spanwise_model::ExperimentId;
    use spanwise_store::Store;
    use spanwise_store::conformance::build::{span, spans, trace_id};

    #[tokio::test]
    async fn rows_that_are_too_many_to_be_held_are_counted_alike() {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions { trace_columns: false, ..OpenOptions::new(folder.path()) };
        let store = SqliteStore::open(&options).unwrap();
        let trace = |number: u32| {
            let start = i64::from(number) * 70;
            spans(&trace_id(number), &[span(1).from_to(start, start + 9)])
        };
        store.append_spans((0..5).map(trace).collect()).await.unwrap();
        let mut conn = schema::open_reader(&folder.path().join("index.db")).unwrap();
        let experiments = vec![ExperimentId::DEFAULT];
        let selection = Selection { experiments, filter: None, from_ms: None, to_ms: None, budget: None };
        let mut counted =
            |held| of_rows(&mut conn, &store.search_context(), &selection, (None, None), 4, held).unwrap();
        let held = counted(5);
        assert_eq!((held.total, held.buckets.len()), (5, 3));
        assert_eq!(counted(4), held);
        assert_eq!(counted(0), held);
    }

    #[test]
    fn widths_are_round_and_few_enough() {
        assert_eq!(layout(0, HOUR - 1, 60), (0, MINUTE, 60));
        assert_eq!(layout(MINUTE / 2, HOUR + MINUTE / 2, 60), (0, 2 * MINUTE, 31));
        assert_eq!(layout(-DAY, 0, 24), (-DAY, 2 * HOUR, 13));
        assert_eq!(layout(5, 5, 1), (0, MS, 1));
    }

    #[test]
    fn ranges_that_no_round_width_fits_have_equal_buckets() {
        assert_eq!(layout(-5, 4, 1), (-5, 10, 1));
        assert_eq!(layout(i64::MIN, i64::MAX, 1), (i64::MIN, i64::MAX, 1));
        let (start, width, count) = layout(i64::MIN, i64::MAX, 4);
        assert_eq!((start, width, count), (i64::MIN, 1 << 62, 4));
    }
}
