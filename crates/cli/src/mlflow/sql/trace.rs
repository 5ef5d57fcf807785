//! Traces with their spans, tags, metadata, assessments and links.

use super::super::page::{Context, Folder, Page};
use super::super::trace_line::{self, AssessmentRow, Rest};
use super::SqlSource;
use super::database::{Row, quoted, quoted_list};
use anyhow::{Context as _, Result, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use spanwise_api_types::mlflow::time::{rfc3339, seconds};
use spanwise_api_types::mlflow::traces_json::export_span;
use spanwise_model::TraceId;
use std::collections::{BTreeMap, HashMap};

/// Traces that are read together.
const TRACES: usize = 100;
/// Spans that are read together, and held in memory.
const SPANS: usize = 500;
/// Where clients find the artifacts of a trace.
const ARTIFACT_LOCATION: &str = "mlflow.artifactLocation";
/// How many spans a trace has, and their sizes.
const SIZE_STATS: &str = "mlflow.trace.sizeStats";
/// Where the spans of an archived trace are.
const ARCHIVE_LOCATION: &str = "mlflow.trace.archiveLocation";
/// Where the spans of a trace are.
const SPANS_LOCATION: &str = "mlflow.trace.spansLocation";
/// What spans of an attachment refer to.
const ATTACHMENT: &str = "mlflow-attachment://";

const COLUMNS: [&str; 16] = [
    "experiment_id",
    "timestamp_ms",
    "execution_time_ms",
    "status",
    "client_request_id",
    "request_preview",
    "response_preview",
    "trace_name",
    "session_id",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_input_tokens_above_1hr",
    "input_cost",
];

/// Behind which trace to go on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    experiment: i64,
    timestamp_ms: i64,
    id: String,
    /// Of a trace with many spans, behind which of them.
    #[serde(default)]
    span: Option<String>,
}

impl SqlSource {
    /// Reads traces experiment by experiment, the oldest first.
    pub(super) async fn traces(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        if !self.database.has("trace_info") {
            return Ok(Page::default());
        }
        let first = context.experiments.keys().next().copied();
        let place = match after {
            Some(after) => serde_json::from_value(after.clone())?,
            None => {
                Place { experiment: first.unwrap_or_default(), timestamp_ms: i64::MIN, ..Place::default() }
            }
        };
        if place.span.is_some() {
            return self.further_spans(context, place).await;
        }
        let rows = self.trace_rows(context, &place).await?;
        let Some(last) = rows.last() else {
            let next = context.experiments.range(place.experiment.saturating_add(1)..).next();
            let next = next.map(|(&experiment, _)| {
                json!(Place { experiment, timestamp_ms: i64::MIN, ..Place::default() })
            });
            return Ok(Page { next, ..Page::default() });
        };
        let counts = self.span_counts(&rows).await?;
        let (mut taken, mut spans) = (0, 0);
        for row in &rows {
            spans += counts.get(&row.text(0)).copied().unwrap_or(0);
            if taken > 0 && spans > SPANS {
                break;
            }
            taken += 1;
        }
        let mut next =
            Place { experiment: place.experiment, timestamp_ms: last.int(2)?, id: last.text(0), span: None };
        if let Some(row) = rows.get(taken - 1) {
            (next.timestamp_ms, next.id) = (row.int(2)?, row.text(0));
        }
        let mut page = self.page_of(context, &rows[..taken]).await?;
        if taken == 1 && spans > SPANS {
            next.span = self.last_span(&next.id, None).await?;
        }
        page.next = Some(json!(next));
        Ok(page)
    }

    async fn trace_rows(&self, context: &Context, place: &Place) -> Result<Vec<Row>> {
        let from_ms = place.timestamp_ms.max(context.since_ms.unwrap_or(i64::MIN));
        let from_ms = if from_ms == i64::MIN { i64::MIN + 1 } else { from_ms };
        let costs = self.database.columns("trace_info", "t", &["output_cost", "total_cost"]);
        let sql = format!(
            "SELECT t.request_id, {}, {costs} FROM trace_info AS t
             WHERE t.experiment_id = {} AND t.timestamp_ms >= {from_ms}
               AND (t.timestamp_ms > {} OR t.request_id > {})
             ORDER BY t.timestamp_ms, t.request_id LIMIT {TRACES}",
            self.database.columns("trace_info", "t", &COLUMNS),
            place.experiment,
            place.timestamp_ms.max(i64::MIN + 1),
            quoted(&place.id),
        );
        self.database.query(&sql).await
    }

    async fn span_counts(&self, rows: &[Row]) -> Result<HashMap<String, usize>> {
        if !self.database.has("spans") {
            return Ok(HashMap::new());
        }
        let ids: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        let sql = format!(
            "SELECT trace_id, count(*) FROM spans WHERE trace_id IN ({}) GROUP BY trace_id",
            quoted_list(&ids)
        );
        let counts = self.database.query(&sql).await?;
        counts.iter().map(|row| Ok((row.text(0), usize::try_from(row.int(1)?).unwrap_or(0)))).collect()
    }

    /// Makes the lines of some traces, each with its first spans.
    async fn page_of(&self, context: &Context, rows: &[Row]) -> Result<Page> {
        let ids: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        let list = quoted_list(&ids);
        let mut tags = self.pairs("trace_tags", "request_id", "key", "value", &list).await?;
        let mut metadata = self.pairs("trace_request_metadata", "request_id", "key", "value", &list).await?;
        let mut assessments = self.assessments(&list).await?;
        let mut links = self.links(&list).await?;
        let mut spans = self.spans(&format!("trace_id IN ({list})")).await?;
        let mut page = Page::default();
        for row in rows {
            let id = row.text(0);
            let (mut tags, mut metadata) =
                (tags.remove(&id).unwrap_or_default(), metadata.remove(&id).unwrap_or_default());
            let spans_location = tags.get(SPANS_LOCATION).cloned();
            let (location, archive) = (tags.remove(ARTIFACT_LOCATION), tags.remove(ARCHIVE_LOCATION));
            let location = archive.or(location);
            let contents = spans.remove(&id).unwrap_or_default();
            let has_attachments = contents.iter().any(|content| content.contains(ATTACHMENT));
            let mut rest = links.remove(&id).unwrap_or_default();
            let parsed: Result<TraceId, _> = id.parse();
            for content in &contents {
                match span(&parsed, content) {
                    Ok(span) => rest.spans.push(span),
                    Err(error) => {
                        // Clients would wait for a trace of as many spans as it says.
                        metadata.remove(SIZE_STATS);
                        page.problems.push((id.clone(), format!("one of its spans: {error:#}")));
                    }
                }
            }
            let assessments = assessments.remove(&id).unwrap_or_default().into_iter();
            let mut judged = Vec::new();
            for assessment in assessments {
                let assessment_id = assessment.id.clone();
                match assessment.into_json() {
                    Ok(json) => judged.push(json),
                    Err(error) => {
                        page.problems.push((id.clone(), format!("its assessment {assessment_id}: {error:#}")))
                    }
                }
            }
            let stored_elsewhere = contents.is_empty() && spans_location.as_deref() != Some("TRACKING_STORE");
            let read = || -> Result<_> {
                let experiment = row.int(1)?;
                let target = context
                    .experiments
                    .get(&experiment)
                    .with_context(|| format!("its experiment {experiment} was not taken"))?;
                let info = trace_info(row, target.id, tags, metadata, judged)?;
                Ok((trace_line::line(info, &target.name, rest)?, target))
            };
            match read() {
                Ok((item, experiment)) => {
                    let shown = item.id.clone();
                    page.items.push(item);
                    if let Some(uri) = location.filter(|_| has_attachments || stored_elsewhere) {
                        let target = format!("{}/traces/{shown}/artifacts", experiment.id);
                        let spans_of = stored_elsewhere.then(|| (shown, experiment.name.clone()));
                        page.folders.push(Folder { id, uri, run_id: None, target, spans_of });
                    } else if stored_elsewhere {
                        page.problems
                            .push((id, "its spans are neither in the database nor in a file".to_owned()));
                    }
                }
                Err(error) => page.problems.push((id, format!("{error:#}"))),
            }
        }
        Ok(page)
    }

    async fn assessments(&self, list: &str) -> Result<HashMap<String, Vec<AssessmentRow>>> {
        let mut of_traces: HashMap<String, Vec<AssessmentRow>> = HashMap::new();
        if !self.database.has("assessments") {
            return Ok(of_traces);
        }
        let columns = [
            "trace_id",
            "assessment_id",
            "name",
            "assessment_type",
            "value",
            "error",
            "created_timestamp",
            "last_updated_timestamp",
            "source_type",
            "source_id",
            "span_id",
            "rationale",
            "overrides",
            "valid",
            "assessment_metadata",
        ];
        let sql = format!(
            "SELECT {} FROM assessments AS a WHERE a.trace_id IN ({list}) ORDER BY a.trace_id, a.created_timestamp, a.assessment_id",
            self.database.columns("assessments", "a", &columns)
        );
        for row in self.database.query(&sql).await? {
            of_traces.entry(row.text(0)).or_default().push(AssessmentRow {
                id: row.text(1),
                name: row.text(2),
                kind: row.text(3),
                value: row.text(4),
                error: row.opt(5),
                created_ns: row.time_ns(6)?,
                last_updated_ns: row.time_ns(7)?,
                source_type: row.text(8),
                source_id: row.opt(9),
                span_id: row.opt(10),
                rationale: row.opt(11),
                overrides: row.opt(12),
                valid: row.is_true(13),
                metadata: row.opt(14),
            });
        }
        Ok(of_traces)
    }

    async fn links(&self, list: &str) -> Result<HashMap<String, Rest>> {
        let mut of_traces: HashMap<String, Rest> = HashMap::new();
        if !self.database.has("entity_associations") {
            return Ok(of_traces);
        }
        let sql = format!(
            "SELECT source_id, destination_type, destination_id FROM entity_associations
             WHERE source_type = 'trace' AND destination_type IN ('run', 'prompt_version') AND source_id IN ({list})
             ORDER BY 1, 2, 3"
        );
        for row in self.database.query(&sql).await? {
            let rest = of_traces.entry(row.text(0)).or_default();
            match (row.text(1).as_str(), row.text(2)) {
                ("run", run) => rest.runs.push(run),
                (_, prompt) => {
                    let (name, version) = prompt.rsplit_once('/').unwrap_or((&prompt, ""));
                    rest.prompts.push((name.to_owned(), version.to_owned()));
                }
            }
        }
        Ok(of_traces)
    }

    /// Reads the first spans of traces, or those of one behind another span.
    async fn spans(&self, condition: &str) -> Result<BTreeMap<String, Vec<String>>> {
        let mut of_traces: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if !self.database.has("spans") {
            return Ok(of_traces);
        }
        // What archival took out of the database is an empty text.
        let sql = format!(
            "SELECT trace_id, content FROM spans WHERE {condition} AND content <> '' ORDER BY trace_id, span_id LIMIT {SPANS}"
        );
        for row in self.database.query(&sql).await? {
            of_traces.entry(row.text(0)).or_default().push(row.text(1));
        }
        Ok(of_traces)
    }

    /// Reads the next spans of a trace with many.
    async fn further_spans(&self, context: &Context, place: Place) -> Result<Page> {
        let after = place.span.clone().unwrap_or_default();
        let condition = format!("trace_id = {} AND span_id > {}", quoted(&place.id), quoted(&after));
        let contents = self.spans(&condition).await?.remove(&place.id).unwrap_or_default();
        let target = context.experiments.get(&place.experiment).context("its experiment was not taken")?;
        let parsed: Result<TraceId, _> = place.id.parse();
        let mut page = Page::default();
        let mut spans = Vec::new();
        for content in &contents {
            match span(&parsed, content) {
                Ok(span) => spans.push(span),
                Err(error) => page.problems.push((place.id.clone(), format!("one of its spans: {error:#}"))),
            }
        }
        if let (Ok(id), false) = (&parsed, spans.is_empty()) {
            page.items.push(trace_line::further_line(id, &target.name, spans)?);
        }
        let span = match contents.len() == SPANS {
            true => self.last_span(&place.id, Some(&after)).await?,
            false => None,
        };
        page.next = Some(json!(Place { span, ..place }));
        Ok(page)
    }

    /// Returns the last of those spans of a trace that [`Self::spans`] reads, if more follow.
    async fn last_span(&self, id: &str, after: Option<&str>) -> Result<Option<String>> {
        let after = after.map(|after| format!(" AND span_id > {}", quoted(after))).unwrap_or_default();
        let sql = format!(
            "SELECT span_id FROM spans WHERE trace_id = {}{after} AND content <> '' ORDER BY span_id LIMIT 2 OFFSET {}",
            quoted(id),
            SPANS - 1
        );
        let rows = self.database.query(&sql).await?;
        Ok(rows.first().filter(|_| rows.len() == 2).map(|row| row.text(0)))
    }
}

fn span(id: &Result<TraceId, spanwise_model::IdError>, content: &str) -> Result<Value> {
    let id = id.as_ref().map_err(|error| anyhow!("{error}"))?;
    let bytes = id.otel_bytes().ok_or_else(|| {
        anyhow!(
            "the trace's id is not of 32 hex digits, and OTLP knows no others; the record alone was taken"
        )
    })?;
    export_span(content.as_bytes(), bytes).context("it can't be read")
}

/// Writes a record as MLflow's API answers it.
fn trace_info(
    row: &Row,
    experiment_id: i64,
    mut tags: BTreeMap<String, String>,
    mut metadata: BTreeMap<String, String>,
    assessments: Vec<Value>,
) -> Result<Value> {
    // What later versions keep in columns was a tag or metadata before.
    if let Some(name) = row.opt(8) {
        tags.insert("mlflow.traceName".to_owned(), name);
    }
    if let Some(session) = row.opt(9) {
        metadata.insert("mlflow.trace.session".to_owned(), session);
    }
    let numbers = |keys: &[(&str, usize)]| -> Map<String, Value> {
        let number = |&(key, column): &(&str, usize)| {
            Some((key.to_owned(), serde_json::from_str::<Value>(&row.opt(column)?).ok()?))
        };
        keys.iter().filter_map(number).collect()
    };
    let usage = numbers(&[
        ("input_tokens", 10),
        ("output_tokens", 11),
        ("total_tokens", 12),
        ("cache_read_input_tokens", 13),
        ("cache_creation_input_tokens", 14),
        ("cache_creation_input_tokens_above_1hr", 15),
    ]);
    if !usage.is_empty() {
        metadata.insert("mlflow.trace.tokenUsage".to_owned(), Value::Object(usage).to_string());
    }
    let cost = numbers(&[("input_cost", 16), ("output_cost", 17), ("total_cost", 18)]);
    if !cost.is_empty() {
        metadata.insert("mlflow.trace.cost".to_owned(), Value::Object(cost).to_string());
    }
    Ok(json!({
        "trace_id": row.text(0),
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id.to_string()}},
        "request_time": rfc3339(row.time_ns(2)?),
        "execution_duration": row.opt_time_ns(3)?.map(seconds),
        "state": row.text(4),
        "client_request_id": row.opt(5),
        "request_preview": row.opt(6),
        "response_preview": row.opt(7),
        "tags": tags,
        "trace_metadata": metadata,
        "assessments": assessments,
    }))
}
