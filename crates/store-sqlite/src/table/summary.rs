//! What the table holds of a trace, on its way there: from the row of `trace`, and from the small tables beside it.

use crate::error::sql_error;
use crate::trace_ids;
use crate::trace_row::{TraceRow, explicit, state_from_number};
use rusqlite::{Connection, OptionalExtension, Row};
use spanwise_model::{TraceId, TraceState};
use spanwise_query::AssessmentField;
use spanwise_store::StoreResult;
use std::collections::BTreeMap;

/// What a row of `trace` says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    pub(crate) trace_key: i64,
    pub(crate) experiment_id: i64,
    /// See [`explicit::PLAIN`].
    pub(crate) is_plain: bool,
    pub(crate) start_ns: i64,
    pub(crate) duration_ns: Option<i64>,
    pub(crate) state: TraceState,
    pub(crate) span_count: i64,
    pub(crate) tokens: Option<Tokens>,
    /// In US dollars.
    pub(crate) cost_total: Option<f64>,
    pub(crate) resource_id: Option<i64>,
    pub(crate) name: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) client_request_id: Option<String>,
}

/// Tokens of a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tokens {
    pub(crate) total: i64,
    pub(crate) input: i64,
    pub(crate) output: i64,
    pub(crate) cache_read: Option<i64>,
    pub(crate) cache_write: Option<i64>,
}

/// A text of a trace that has a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Field {
    Name,
    Session,
    User,
    ClientRequestId,
    /// A tag of the trace's own.
    Tag(String),
    /// Metadata but the user.
    Metadata(String),
    /// The valid assessments of a kind, as the JSON list of their values.
    Assessed {
        kind: Kind,
        /// Of this name; those of any name are the list of their names.
        name: Option<String>,
        /// Only those that speak for a whole session.
        of_session: bool,
    },
}

/// A kind of assessment that has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Feedback,
    Expectation,
}

impl From<AssessmentField> for Kind {
    fn from(field: AssessmentField) -> Kind {
        match field {
            AssessmentField::Feedback => Kind::Feedback,
            AssessmentField::Expectation => Kind::Expectation,
        }
    }
}

impl From<TraceRow> for Summary {
    fn from(row: TraceRow) -> Summary {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let tokens = row.usage.map(|usage| Tokens {
            total: count(usage.total),
            input: count(usage.input),
            output: count(usage.output),
            cache_read: usage.cache_read.map(count),
            cache_write: usage.cache_creation.map(count),
        });
        Summary {
            trace_key: row.trace_key,
            experiment_id: row.experiment_id.0,
            is_plain: row.is_explicit(explicit::PLAIN),
            start_ns: row.start_ns,
            duration_ns: row.duration_ns,
            state: row.state,
            span_count: count(row.span_count),
            tokens,
            // SQLite keeps NaN as NULL.
            cost_total: row.cost.map(|cost| cost.total).filter(|total| !total.is_nan()),
            resource_id: row.resource_id,
            name: row.name,
            session: row.session,
            user: row.user,
            client_request_id: row.client_request_id,
        }
    }
}

impl Summary {
    /// Returns the query of what [`Summary::from_row`] reads of traces that can be seen; `AND …` may follow. Most of a
    /// row is texts that are not needed here.
    pub(crate) fn select() -> &'static str {
        "SELECT trace_key, experiment_id, explicit, start_ns, duration_ns, state, span_count, input_tokens, output_tokens, \
         total_tokens, cache_read_tokens, cache_creation_tokens, cost_total, resource_id, name, session, user, \
         client_request_id FROM trace WHERE visible = 1"
    }

    /// Reads one row of [`Summary::select`].
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Summary> {
        let count =
            |index| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(index)?.map(|count| count.max(0)));
        let tokens = match count(7)? {
            None => None,
            Some(input) => Some(Tokens {
                input,
                output: count(8)?.unwrap_or(0),
                total: count(9)?.unwrap_or(0),
                cache_read: count(10)?,
                cache_write: count(11)?,
            }),
        };
        Ok(Summary {
            trace_key: row.get(0)?,
            experiment_id: row.get(1)?,
            is_plain: row.get::<_, u32>(2)? & explicit::PLAIN != 0,
            start_ns: row.get(3)?,
            duration_ns: row.get(4)?,
            state: state_from_number(row.get(5)?),
            span_count: count(6)?.unwrap_or(0),
            tokens,
            cost_total: row.get(12)?,
            resource_id: row.get(13)?,
            name: row.get(14)?,
            session: row.get(15)?,
            user: row.get(16)?,
            client_request_id: row.get(17)?,
        })
    }

    /// Loads that of one trace; `None` if it is not there or can't be seen.
    pub(crate) fn load(conn: &Connection, id: &TraceId) -> StoreResult<Option<Summary>> {
        let Some(trace_key) = trace_ids::find(conn, id)? else { return Ok(None) };
        conn.prepare_cached(&format!("{} AND trace_key = ?1", Summary::select()))
            .and_then(|mut statement| statement.query_row([trace_key], Summary::from_row).optional())
            .map_err(sql_error)
    }
}

/// Texts of traces from the small tables, by trace.
pub(crate) type TextsByTrace = BTreeMap<i64, Vec<(Field, String)>>;

/// Loads tags, metadata and assessments of the traces from `first` to `last`.
pub(crate) fn load_texts(conn: &Connection, first: i64, last: i64) -> StoreResult<TextsByTrace> {
    let mut texts = TextsByTrace::new();
    for (table, is_tag) in [("trace_tag", true), ("trace_metadata", false)] {
        let field = if is_tag { Field::Tag } else { Field::Metadata };
        let mut statement = conn
            .prepare_cached(&format!(
                "SELECT trace_key, key, value FROM {table} WHERE trace_key BETWEEN ?1 AND ?2"
            ))
            .map_err(sql_error)?;
        let mut rows = statement.query([first, last]).map_err(sql_error)?;
        while let Some(row) = rows.next().map_err(sql_error)? {
            let (trace_key, key, value) = row.try_into().map_err(sql_error)?;
            texts.entry(trace_key).or_default().push((field(key), value));
        }
    }
    load_assessments(conn, first, last, &mut texts)?;
    Ok(texts)
}

fn load_assessments(conn: &Connection, first: i64, last: i64, texts: &mut TextsByTrace) -> StoreResult<()> {
    let mut statement = conn
        .prepare_cached(
            "SELECT trace_key, kind, name, value, session IS NOT NULL FROM assessment
             WHERE trace_key BETWEEN ?1 AND ?2 AND valid = 1 AND kind IN (0, 1)",
        )
        .map_err(sql_error)?;
    let mut rows = statement.query([first, last]).map_err(sql_error)?;
    let mut lists: BTreeMap<i64, Lists> = BTreeMap::new();
    while let Some(row) = rows.next().map_err(sql_error)? {
        let (trace_key, kind, name, value, of_session): (i64, i64, String, Option<String>, bool) =
            row.try_into().map_err(sql_error)?;
        let kind = if kind == 0 { Kind::Feedback } else { Kind::Expectation };
        let lists = lists.entry(trace_key).or_default();
        for of_session in [false, true].into_iter().filter(|only| of_session || !only) {
            let named = Field::Assessed { kind, name: Some(name.clone()), of_session };
            add_to_list(lists, named, value.clone());
            add_to_list(lists, Field::Assessed { kind, name: None, of_session }, Some(name.clone()));
        }
    }
    for (trace_key, lists) in lists {
        let of_trace = texts.entry(trace_key).or_default();
        for (field, mut values) in lists {
            // The order tells nothing: without it the same values are the same text.
            values.sort_unstable();
            values.dedup();
            of_trace.push((field, serde_json::json!(values).to_string()));
        }
    }
    Ok(())
}

/// Values of assessments by field; `None` of one without a value.
type Lists = Vec<(Field, Vec<Option<String>>)>;

fn add_to_list(lists: &mut Lists, field: Field, value: Option<String>) {
    match lists.iter_mut().find(|(listed, _)| *listed == field) {
        Some((_, values)) => values.push(value),
        None => lists.push((field, vec![value])),
    }
}

/// Reads a list that [`load_texts`] made; `None` stands for an assessment without a value.
pub(crate) fn read_list(text: &str) -> Vec<Option<String>> {
    serde_json::from_str(text).unwrap_or_default()
}
