//! The row of table `assessment`.

use crate::error::sql_error;
use rusqlite::types::Type;
use rusqlite::vtab::array::Array;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::Value;
use spanwise_model::{
    Assessment, AssessmentError, AssessmentId, AssessmentSource, AssessmentValue, SourceType, TraceId,
};
use spanwise_query::filter::SESSION_METADATA_KEY;
use spanwise_query::json;
use spanwise_store::StoreResult;

const FEEDBACK: i64 = 0;
const EXPECTATION: i64 = 1;
const ISSUE: i64 = 2;

const COLUMNS: &str = "assessment_id, trace_key, sequence, name, kind, value, serialized, error_code, error_message, \
    stack_trace, issue_name, source_type, source_id, span_id, created_ns, last_updated_ns, rationale, metadata, \
    overrides, valid";

/// An assessment with what only the store knows of it. Its `trace_id` is not in the row: whoever loads it sets it.
pub(super) struct Stored {
    pub(super) trace_key: i64,
    pub(super) sequence: i64,
    pub(super) assessment: Assessment,
}

/// Returns the assessment with that id, of whichever trace.
pub(super) fn load(conn: &Connection, id: &AssessmentId) -> StoreResult<Option<Stored>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM assessment WHERE assessment_id = ?1"))
        .and_then(|mut statement| statement.query_row([&id.0], read).optional())
        .map_err(sql_error)
}

/// Returns the assessments of traces, those of one trace in order of creation.
pub(super) fn load_for(conn: &Connection, trace_keys: Array) -> StoreResult<Vec<Stored>> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM assessment WHERE trace_key IN rarray(?1) ORDER BY trace_key, sequence"
    ))
    .and_then(|mut statement| statement.query_map([trace_keys], read)?.collect())
    .map_err(sql_error)
}

/// Inserts an assessment, or overwrites the one of the same id.
pub(super) fn write(
    conn: &Connection,
    trace_key: i64,
    sequence: i64,
    assessment: &Assessment,
) -> StoreResult<()> {
    let value = ValueColumns::from(&assessment.value);
    let error = value.error.cloned().unwrap_or_default();
    conn.prepare_cached(&format!(
        "INSERT OR REPLACE INTO assessment ({COLUMNS}, value_number, session)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)"
    ))
    .and_then(|mut insert| {
        insert.execute(rusqlite::params![
            assessment.assessment_id.0,
            trace_key,
            sequence,
            assessment.name,
            value.kind,
            value.value.map(json::value_text),
            value.serialized,
            error.error_code,
            error.error_message,
            error.stack_trace,
            value.issue_name,
            source_number(assessment.source.source_type),
            assessment.source.source_id,
            assessment.span_id,
            assessment.created_ns,
            assessment.last_updated_ns,
            assessment.rationale,
            metadata_text(assessment),
            assessment.overrides.as_ref().map(|id| &id.0),
            assessment.valid,
            value.value.and_then(Value::as_f64),
            assessment.metadata.get(SESSION_METADATA_KEY),
        ])
    })
    .map_err(sql_error)?;
    Ok(())
}

/// The columns that depend on the kind.
struct ValueColumns<'a> {
    kind: i64,
    value: Option<&'a Value>,
    serialized: bool,
    error: Option<&'a AssessmentError>,
    issue_name: Option<&'a str>,
}

impl<'a> From<&'a AssessmentValue> for ValueColumns<'a> {
    fn from(value: &'a AssessmentValue) -> Self {
        let nothing =
            ValueColumns { kind: FEEDBACK, value: None, serialized: false, error: None, issue_name: None };
        match value {
            AssessmentValue::Feedback { value, error } => {
                ValueColumns { kind: FEEDBACK, value: value.as_ref(), error: error.as_ref(), ..nothing }
            }
            AssessmentValue::Expectation { value, serialized } => {
                ValueColumns { kind: EXPECTATION, value: Some(value), serialized: *serialized, ..nothing }
            }
            AssessmentValue::Issue { issue_name } => {
                ValueColumns { kind: ISSUE, issue_name: Some(issue_name), ..nothing }
            }
        }
    }
}

fn metadata_text(assessment: &Assessment) -> String {
    serde_json::to_string(&assessment.metadata).expect("a map of strings is JSON")
}

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let assessment = Assessment {
        assessment_id: AssessmentId(row.get(0)?),
        trace_id: TraceId::Otel([0; 16]),
        name: row.get(3)?,
        value: read_value(row)?,
        source: AssessmentSource { source_type: source_from_number(row.get(11)?), source_id: row.get(12)? },
        span_id: row.get(13)?,
        created_ns: row.get(14)?,
        last_updated_ns: row.get(15)?,
        rationale: row.get(16)?,
        metadata: serde_json::from_str(row.get_ref(17)?.as_str()?).map_err(|error| not_json(17, error))?,
        overrides: row.get::<_, Option<String>>(18)?.map(AssessmentId),
        valid: row.get(19)?,
    };
    Ok(Stored { trace_key: row.get(1)?, sequence: row.get(2)?, assessment })
}

fn read_value(row: &Row<'_>) -> rusqlite::Result<AssessmentValue> {
    let text = row.get_ref(5)?.as_str_or_null()?;
    let value: Option<Value> =
        text.map(|text| serde_json::from_str(text).map_err(|error| not_json(5, error))).transpose()?;
    Ok(match row.get(4)? {
        EXPECTATION => {
            AssessmentValue::Expectation { value: value.unwrap_or_default(), serialized: row.get(6)? }
        }
        ISSUE => AssessmentValue::Issue { issue_name: row.get::<_, Option<String>>(10)?.unwrap_or_default() },
        _ => AssessmentValue::Feedback { value, error: read_error(row)? },
    })
}

fn read_error(row: &Row<'_>) -> rusqlite::Result<Option<AssessmentError>> {
    let error =
        AssessmentError { error_code: row.get(7)?, error_message: row.get(8)?, stack_trace: row.get(9)? };
    Ok(Some(error).filter(|error| *error != AssessmentError::default()))
}

fn not_json(column: usize, error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

fn source_number(source: SourceType) -> i64 {
    match source {
        SourceType::Unspecified => 0,
        SourceType::Human => 1,
        SourceType::LlmJudge => 2,
        SourceType::Code => 3,
    }
}

fn source_from_number(number: i64) -> SourceType {
    match number {
        1 => SourceType::Human,
        2 => SourceType::LlmJudge,
        3 => SourceType::Code,
        _ => SourceType::Unspecified,
    }
}
