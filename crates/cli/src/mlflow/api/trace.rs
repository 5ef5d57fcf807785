//! Traces by MLflow's API: their records page by page, their spans one trace at a time.

use super::super::page::{Context, Folder, Item, Page, Target};
use super::super::trace_line::{self, Rest};
use super::read::{self, Json};
use super::{ApiSource, next_place};
use anyhow::{Context as _, Result};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use spanwise_api_types::mlflow::traces_json::export_request;
use spanwise_model::TraceId;

/// Records that are asked for at a time.
const TRACES: usize = 100;
/// Traces whose spans are asked for at the same time.
const UNDER_WAY: usize = 4;
/// Spans of one line.
const LINE_SPANS: usize = 500;
/// Pages of one search; MLflow counts from the first, so that later ones take longer.
const PAGES: i64 = 20;
const ATTACHMENT: &[u8] = b"mlflow-attachment://";

impl ApiSource {
    /// Reads traces experiment by experiment, the oldest first. The place is a time from which on a search goes, and the
    /// token of a page of it.
    pub(super) async fn traces(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let Some(experiment) = after
            .map_or_else(|| context.experiments.keys().next().copied(), |place| place["experiment"].as_i64())
        else {
            return Ok(Page::default());
        };
        let from_ms = after.and_then(|place| place["from_ms"].as_i64()).or(context.since_ms);
        let pages = after.map_or(0, |place| place["pages"].integer());
        let mut body = json!({
            "locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment.to_string()}}],
            "max_results": TRACES, "order_by": ["timestamp_ms ASC"],
        });
        if let Some(from_ms) = from_ms {
            body["filter"] = format!("trace.timestamp_ms >= {from_ms}").into();
        }
        let token = after.map(|place| &place["token"]).filter(|token| token.is_string());
        let (answer, next) = self.search("/api/3.0/mlflow/traces/search", body, token).await?;
        let infos = read::list(&answer["traces"]);
        let target = context.experiments.get(&experiment).context("its experiment was not taken")?;
        let mut page = Page::default();
        let reading = infos.iter().map(|info| self.trace(info, target));
        let mut read = stream::iter(reading).buffered(UNDER_WAY);
        while let Some((id, read)) = read.next().await {
            match read {
                Ok((items, folder)) => {
                    page.items.extend(items);
                    page.folders.extend(folder);
                }
                Err(error) => page.problems.push((id, format!("{error:#}"))),
            }
        }
        let last_ms = infos.last().map(time_ms);
        page.next = match next {
            // The search begins anew at the time of the last trace; those of the same time come again and change nothing.
            Some(_) if pages + 1 >= PAGES && last_ms > from_ms => {
                Some(json!({"experiment": experiment, "from_ms": last_ms, "pages": 0}))
            }
            Some(token) => Some(
                json!({"experiment": experiment, "from_ms": from_ms, "pages": pages + 1, "token": token}),
            ),
            None => next_place(context, experiment, None),
        };
        Ok(page)
    }

    /// Reads one trace whole.
    async fn trace(&self, info: &Value, target: &Target) -> (String, Result<(Vec<Item>, Option<Folder>)>) {
        let id = read::text(&info["trace_id"]);
        let read = self.try_trace(&id, info, target).await;
        (id, read)
    }

    async fn try_trace(
        &self,
        id: &str,
        info: &Value,
        target: &Target,
    ) -> Result<(Vec<Item>, Option<Folder>)> {
        let file = self.client.get(&format!("/ajax-api/3.0/mlflow/get-trace-artifact?request_id={id}")).await;
        let file = file.context("its spans")?;
        let text = serde_json::to_vec(&file)?;
        let parsed: TraceId = id.parse()?;
        let mut spans = match parsed.otel_bytes() {
            Some(bytes) => {
                let request = export_request(&text, bytes).context("its spans can't be read")?;
                match &request["resourceSpans"][0]["scopeSpans"][0]["spans"] {
                    Value::Array(spans) => spans.clone(),
                    _ => Vec::new(),
                }
            }
            None => Vec::new(),
        };
        let mut info = info.clone();
        info["trace_location"] = json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": target.id.to_string()}});
        let tags = &info["tags"];
        let prompts: Vec<Value> =
            serde_json::from_str(&read::text(&tags["mlflow.linkedPrompts"])).unwrap_or_default();
        let prompts =
            prompts.iter().map(|prompt| (read::text(&prompt["name"]), read::text(&prompt["version"])));
        let location = read::optional_text(&tags["mlflow.artifactLocation"]);
        let later = spans.split_off(spans.len().min(LINE_SPANS));
        let rest = Rest { runs: Vec::new(), prompts: prompts.collect(), spans };
        let mut items = vec![trace_line::line(info, &target.name, rest)?];
        for spans in later.chunks(LINE_SPANS) {
            items.push(trace_line::further_line(&parsed, &target.name, spans.to_vec())?);
        }
        let has_attachments = text.windows(ATTACHMENT.len()).any(|window| window == ATTACHMENT);
        let folder = location.filter(|_| has_attachments).map(|uri| Folder {
            id: id.to_owned(),
            uri,
            run_id: None,
            target: format!("{}/traces/{parsed}/artifacts", target.id),
            spans_of: None,
        });
        Ok((items, folder))
    }
}

/// Returns when a trace began, in milliseconds.
fn time_ms(info: &Value) -> i64 {
    let time = read::text(&info["request_time"]).parse::<jiff::Timestamp>();
    time.map_or(0, |time| time.as_millisecond())
}
