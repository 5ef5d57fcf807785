//! The row of table `trace`, and how its values are written in SQLite.

use crate::error::sql_error;
use crate::rank::Rank;
use crate::shared_text;
use crate::trace_ids;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};
use spanwise_model::{Cost, ExperimentId, TokenUsage, TraceId, TraceState};
use spanwise_store::StoreResult;
use std::sync::LazyLock;

/// Bits of column `explicit`: the values that a client set (or removed) itself, and what is known of its spans.
pub(crate) mod explicit {
    /// The name.
    pub(crate) const NAME: u32 = 1;
    /// The session.
    pub(crate) const SESSION: u32 = 1 << 1;
    /// The user.
    pub(crate) const USER: u32 = 1 << 2;
    /// The preview of the request.
    pub(crate) const REQUEST_PREVIEW: u32 = 1 << 3;
    /// The preview of the response.
    pub(crate) const RESPONSE_PREVIEW: u32 = 1 << 4;
    /// The token counts.
    pub(crate) const USAGE: u32 = 1 << 5;
    /// The cost.
    pub(crate) const COST: u32 = 1 << 6;
    /// Each span came once, and no log records did: what the word index has of the trace is what filters see.
    pub(crate) const PLAIN: u32 = 1 << 7;
    /// The input text is not the root's, which has none, but lent by a call.
    pub(crate) const LENT_INPUT: u32 = 1 << 8;
    /// The output text is lent.
    pub(crate) const LENT_OUTPUT: u32 = 1 << 9;
    /// The preview of the request is lent.
    pub(crate) const LENT_REQUEST_PREVIEW: u32 = 1 << 10;
    /// The preview of the response is lent.
    pub(crate) const LENT_RESPONSE_PREVIEW: u32 = 1 << 11;
}

/// One row of table `trace`; the fields are its columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TraceRow {
    /// 0 until it is inserted.
    pub(crate) trace_key: i64,
    pub(crate) trace_id: TraceId,
    pub(crate) experiment_id: ExperimentId,
    pub(crate) experiment_rank: Rank,
    pub(crate) visible: bool,
    pub(crate) finalized: bool,
    pub(crate) explicit: u32,
    pub(crate) start_ns: i64,
    pub(crate) duration_ns: Option<i64>,
    pub(crate) state: TraceState,
    pub(crate) span_count: u64,
    pub(crate) root_rank: Option<Rank>,
    pub(crate) name: Option<String>,
    pub(crate) client_request_id: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) session_rank: Option<Rank>,
    pub(crate) user: Option<String>,
    pub(crate) user_rank: Option<Rank>,
    pub(crate) resource_id: Option<i64>,
    pub(crate) resource_rank: Option<Rank>,
    pub(crate) request_preview: Option<String>,
    pub(crate) response_preview: Option<String>,
    pub(crate) input_text: Option<String>,
    pub(crate) output_text: Option<String>,
    pub(crate) usage: Option<TokenUsage>,
    pub(crate) cost: Option<Cost>,
    pub(crate) arrival_ns: i64,
    /// Spans that failed; `None` of a trace that an older version wrote, until it is counted.
    pub(crate) error_span_count: Option<u64>,
}

/// All columns but the key, in the order of [`TraceRow::bind`] and [`TraceRow::from_row`].
const COLUMNS: &str = "trace_id, experiment_id, experiment_rank, visible, finalized, explicit, start_ns, duration_ns, \
    state, span_count, root_rank, name, client_request_id, session, session_rank, user, user_rank, resource_id, \
    resource_rank, request_preview, response_preview, input_text, output_text, input_tokens, output_tokens, \
    total_tokens, cache_read_tokens, cache_creation_tokens, cache_creation_1h_tokens, cost_input, cost_output, \
    cost_total, arrival_ns, error_span_count, input_place, output_place";
const COLUMN_COUNT: usize = 36;

static INSERT: LazyLock<String> =
    LazyLock::new(|| format!("INSERT INTO trace ({COLUMNS}) VALUES ({})", placeholders()));
static UPDATE: LazyLock<String> = LazyLock::new(|| {
    format!("UPDATE trace SET ({COLUMNS}) = ({}) WHERE trace_key = ?{}", placeholders(), COLUMN_COUNT + 1)
});
static SELECT: LazyLock<String> = LazyLock::new(|| format!("SELECT trace_key, {COLUMNS} FROM trace"));
static SELECT_BY_KEY: LazyLock<String> = LazyLock::new(|| format!("{} WHERE trace_key = ?1", *SELECT));

fn placeholders() -> String {
    (1..=COLUMN_COUNT).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ")
}

impl TraceRow {
    /// Makes the row of a trace that has nothing but an id, a place and a start yet.
    pub(crate) fn new(
        trace_id: TraceId,
        experiment_id: ExperimentId,
        experiment_rank: Rank,
        start_ns: i64,
        arrival_ns: i64,
    ) -> TraceRow {
        TraceRow {
            trace_key: 0,
            trace_id,
            experiment_id,
            experiment_rank,
            visible: true,
            finalized: false,
            explicit: 0,
            start_ns,
            duration_ns: None,
            state: TraceState::Unspecified,
            span_count: 0,
            root_rank: None,
            name: None,
            client_request_id: None,
            session: None,
            session_rank: None,
            user: None,
            user_rank: None,
            resource_id: None,
            resource_rank: None,
            request_preview: None,
            response_preview: None,
            input_text: None,
            output_text: None,
            usage: None,
            cost: None,
            arrival_ns,
            error_span_count: Some(0),
        }
    }

    /// Returns whether a client set one of the values of `bits` (see [`explicit`]) itself.
    pub(crate) fn is_explicit(&self, bits: u32) -> bool {
        self.explicit & bits != 0
    }

    /// Returns the row with that key, visible or not.
    pub(crate) fn load(conn: &Connection, trace_key: i64) -> StoreResult<Option<TraceRow>> {
        let mut statement = conn.prepare_cached(&SELECT_BY_KEY).map_err(sql_error)?;
        statement.query_row([trace_key], TraceRow::from_row).optional().map_err(sql_error)
    }

    /// Returns the row of that trace, visible or not.
    pub(crate) fn load_by_id(conn: &Connection, id: &TraceId) -> StoreResult<Option<TraceRow>> {
        trace_ids::find(conn, id)?.map_or(Ok(None), |trace_key| TraceRow::load(conn, trace_key))
    }

    /// Inserts the row and sets its key.
    pub(crate) fn insert(&mut self, conn: &Connection) -> StoreResult<()> {
        let mut statement = conn.prepare_cached(&INSERT).map_err(sql_error)?;
        self.bind(&mut statement).map_err(sql_error)?;
        statement.raw_execute().map_err(sql_error)?;
        self.trace_key = conn.last_insert_rowid();
        trace_ids::add(conn, &self.trace_id, self.trace_key)
    }

    /// Writes all columns of the row with this key.
    pub(crate) fn update(&self, conn: &Connection) -> StoreResult<()> {
        let mut statement = conn.prepare_cached(&UPDATE).map_err(sql_error)?;
        self.bind(&mut statement).map_err(sql_error)?;
        statement.raw_bind_parameter(COLUMN_COUNT + 1, self.trace_key).map_err(sql_error)?;
        statement.raw_execute().map_err(sql_error)?;
        Ok(())
    }

    /// Returns the query of all rows; a `WHERE` may follow, and [`TraceRow::from_row`] reads what it gives.
    pub(crate) fn select() -> &'static str {
        &SELECT
    }

    /// Reads one row of [`TraceRow::select`].
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<TraceRow> {
        let (request_preview, response_preview) = (row.get(20)?, row.get(21)?);
        let input_text = shared_text(row, [22, 35], &request_preview)?;
        let output_text = shared_text(row, [23, 36], &response_preview)?;
        Ok(TraceRow {
            trace_key: row.get(0)?,
            trace_id: row.get::<_, SqlTraceId<TraceId>>(1)?.0,
            experiment_id: ExperimentId(row.get(2)?),
            experiment_rank: row.get(3)?,
            visible: row.get(4)?,
            finalized: row.get(5)?,
            explicit: row.get(6)?,
            start_ns: row.get(7)?,
            duration_ns: row.get(8)?,
            state: state_from_number(row.get(9)?),
            span_count: get_count(row, 10)?.unwrap_or(0),
            root_rank: row.get(11)?,
            name: row.get(12)?,
            client_request_id: row.get(13)?,
            session: row.get(14)?,
            session_rank: row.get(15)?,
            user: row.get(16)?,
            user_rank: row.get(17)?,
            resource_id: row.get(18)?,
            resource_rank: row.get(19)?,
            request_preview,
            response_preview,
            input_text,
            output_text,
            usage: get_usage(row, 24)?,
            cost: get_cost(row, 30)?,
            arrival_ns: row.get(33)?,
            error_span_count: get_count(row, 34)?,
        })
    }

    fn bind(&self, statement: &mut CachedStatement<'_>) -> rusqlite::Result<()> {
        let usage = self.usage.as_ref();
        let cost = self.cost.as_ref();
        let (input, input_place) =
            shared_text::split(self.input_text.as_deref(), self.request_preview.as_deref());
        let (output, output_place) =
            shared_text::split(self.output_text.as_deref(), self.response_preview.as_deref());
        let values: [&dyn ToSql; COLUMN_COUNT] = [
            &SqlTraceId(&self.trace_id),
            &self.experiment_id.0,
            &self.experiment_rank,
            &self.visible,
            &self.finalized,
            &self.explicit,
            &self.start_ns,
            &self.duration_ns,
            &state_number(self.state),
            &count(self.span_count),
            &self.root_rank,
            &self.name,
            &self.client_request_id,
            &self.session,
            &self.session_rank,
            &self.user,
            &self.user_rank,
            &self.resource_id,
            &self.resource_rank,
            &self.request_preview,
            &self.response_preview,
            &input,
            &output,
            &usage.map(|usage| count(usage.input)),
            &usage.map(|usage| count(usage.output)),
            &usage.map(|usage| count(usage.total)),
            &usage.and_then(|usage| usage.cache_read).map(count),
            &usage.and_then(|usage| usage.cache_creation).map(count),
            &usage.and_then(|usage| usage.cache_creation_above_1h).map(count),
            &cost.map(|cost| cost.input),
            &cost.map(|cost| cost.output),
            &cost.map(|cost| cost.total),
            &self.arrival_ns,
            &self.error_span_count.map(count),
            &input_place,
            &output_place,
        ];
        values
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| statement.raw_bind_parameter(index + 1, value))
    }
}

/// Reads a text whose column and place are those.
fn shared_text(
    row: &Row<'_>,
    [text, place]: [usize; 2],
    preview: &Option<String>,
) -> rusqlite::Result<Option<String>> {
    shared_text::join(row.get(text)?, row.get(place)?, preview.as_deref()).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(place, rusqlite::types::Type::Integer, Box::new(error))
    })
}

fn get_usage(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<TokenUsage>> {
    let Some(input) = get_count(row, first)? else {
        return Ok(None);
    };
    Ok(Some(TokenUsage {
        input,
        output: get_count(row, first + 1)?.unwrap_or(0),
        total: get_count(row, first + 2)?.unwrap_or(0),
        cache_read: get_count(row, first + 3)?,
        cache_creation: get_count(row, first + 4)?,
        cache_creation_above_1h: get_count(row, first + 5)?,
    }))
}

fn get_cost(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Cost>> {
    let Some(total) = row.get(first + 2)? else {
        return Ok(None);
    };
    // SQLite keeps NaN as NULL.
    let part = |index| Ok::<_, rusqlite::Error>(row.get::<_, Option<f64>>(index)?.unwrap_or(0.0));
    Ok(Some(Cost { input: part(first)?, output: part(first + 1)?, total }))
}

fn get_count(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(index)?.map(|count| count.max(0) as u64))
}

/// SQLite has no unsigned 64-bit integer; counts that large are nonsense and saturate.
fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns the number of a state in column `state`.
pub(crate) fn state_number(state: TraceState) -> i64 {
    match state {
        TraceState::Unspecified => 0,
        TraceState::Ok => 1,
        TraceState::Error => 2,
        TraceState::InProgress => 3,
    }
}

/// Reads what [`state_number`] wrote.
pub(crate) fn state_from_number(number: i64) -> TraceState {
    match number {
        1 => TraceState::Ok,
        2 => TraceState::Error,
        3 => TraceState::InProgress,
        _ => TraceState::Unspecified,
    }
}

/// A trace id as an SQLite value: a blob of 16 bytes, or the text that a client chose.
#[derive(Debug, Clone)]
pub(crate) struct SqlTraceId<T>(pub(crate) T);

impl ToSql for SqlTraceId<&TraceId> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            TraceId::Otel(bytes) => ValueRef::Blob(bytes),
            TraceId::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl FromSql for SqlTraceId<TraceId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Blob(_) => <[u8; 16]>::column_result(value).map(TraceId::Otel).map(SqlTraceId),
            ValueRef::Text(_) => Ok(SqlTraceId(TraceId::Text(value.as_str()?.into()))),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rank;

    fn full_row(trace_id: TraceId) -> TraceRow {
        TraceRow {
            visible: false,
            finalized: true,
            explicit: explicit::NAME | explicit::COST,
            duration_ns: Some(7),
            state: TraceState::InProgress,
            span_count: 3,
            error_span_count: Some(2),
            root_rank: Some([1; rank::RANK_BYTES]),
            name: Some("n".into()),
            client_request_id: Some("r".into()),
            session: Some("s".into()),
            session_rank: Some([2; rank::RANK_BYTES]),
            user: Some("u".into()),
            user_rank: Some([3; rank::RANK_BYTES]),
            resource_id: Some(4),
            resource_rank: Some([4; rank::RANK_BYTES]),
            request_preview: Some("q".into()),
            response_preview: Some("a".into()),
            input_text: Some("in".into()),
            output_text: Some("out".into()),
            usage: Some(TokenUsage {
                input: 1,
                output: 2,
                total: 3,
                cache_read: Some(4),
                cache_creation: Some(5),
                cache_creation_above_1h: Some(6),
            }),
            cost: Some(Cost { input: 0.25, output: 0.5, total: 0.75 }),
            ..TraceRow::new(trace_id, ExperimentId(0), rank::EXPLICIT, -5, 9)
        }
    }

    #[test]
    fn a_row_comes_back_as_it_was_written() {
        let conn = crate::catalog::tests::database();
        for id in [TraceId::Otel([0xab; 16]), TraceId::Text("own".into())] {
            let mut full = full_row(id.clone());
            full.insert(&conn).unwrap();
            assert_eq!(TraceRow::load_by_id(&conn, &id).unwrap().as_ref(), Some(&full));

            // The columns of the texts depend on the previews.
            full.request_preview =
                Some(format!("{{\"q\": \"{}\\n{}\"}}", "why ".repeat(20), "how ".repeat(20)));
            full.input_text = Some(format!("{}\n{}and more", "why ".repeat(20), "how ".repeat(20)));
            full.update(&conn).unwrap();
            let sql = "SELECT input_text FROM trace WHERE trace_key = ?1";
            let stored = conn.query_row(sql, [full.trace_key], |row| row.get::<_, String>(0));
            assert_eq!(stored.unwrap(), "and more");
            assert_eq!(TraceRow::load_by_id(&conn, &id).unwrap().as_ref(), Some(&full));

            let mut plain = TraceRow::new(id, ExperimentId(0), rank::EXPLICIT, 1, 2);
            plain.trace_key = full.trace_key;
            plain.update(&conn).unwrap();
            assert_eq!(TraceRow::load(&conn, full.trace_key).unwrap(), Some(plain));
        }
    }

    #[test]
    fn every_state_has_a_number() {
        for state in [TraceState::Unspecified, TraceState::Ok, TraceState::Error, TraceState::InProgress] {
            assert_eq!(state_from_number(state_number(state)), state);
        }
    }
}
