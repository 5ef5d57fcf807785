//! Changes of many traces at once.

use super::body::JsonBody;
use super::parameter::NoParameters;
use super::selection::SelectionText;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::{Failure, Problem};
use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt, stream};
use spanwise_api_types::native::{self, BulkRequest, BulkResult, BulkTagRequest};
use spanwise_model::limit::{TAG_KEY_CHARS_MAX, TAG_VALUE_BYTES_MAX};
use spanwise_model::{ErrorKind, ExperimentId, TraceId, TraceInfo};
use spanwise_query::{Expr, OrderBy, OrderKey, Predicate, TextField, TextTest};
use spanwise_store::{DeleteTraces, Selection, StoreResult, TraceQuery};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Traces that one request may name.
pub(super) const TRACE_IDS_MAX: usize = 10_000;
/// Traces that are read and changed together.
const STEP_TRACES: usize = 1_000;
/// Changes of tags under way at one time: they share the store's commits.
const CHANGES_UNDER_WAY: usize = 64;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(delete)).routes(routes!(tag))
}

/// Deletes the selected traces
#[utoipa::path(
    post,
    path = "/traces/delete",
    tag = "traces",
    request_body = BulkRequest,
    responses((status = 200, body = BulkResult), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn delete(
    State(app): State<App>,
    _: NoParameters,
    JsonBody(request): JsonBody<BulkRequest>,
) -> Result<Json<BulkResult>, Problem> {
    let dry_run = request.dry_run;
    let selection = select(&app, request).await?;
    if dry_run {
        return count(&app, &selection).await;
    }
    let mut result = BulkResult { matched: 0, changed: 0 };
    let mut steps = Steps::new(&selection);
    while let Some(traces) = steps.next(&app).await? {
        let mut by_experiment: BTreeMap<ExperimentId, Vec<TraceId>> = BTreeMap::new();
        result.matched += traces.len() as u64;
        for trace in traces {
            by_experiment.entry(trace.experiment_id).or_default().push(trace.trace_id);
        }
        for (experiment, ids) in by_experiment {
            result.changed += app.store.delete_traces(experiment, DeleteTraces::Ids(ids)).await?;
        }
    }
    Ok(Json(result))
}

/// Sets and removes tags of the selected traces
#[utoipa::path(
    post,
    path = "/traces/tag",
    tag = "traces",
    request_body = BulkTagRequest,
    responses((status = 200, body = BulkResult), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn tag(
    State(app): State<App>,
    _: NoParameters,
    JsonBody(mut request): JsonBody<BulkTagRequest>,
) -> Result<Json<BulkResult>, Problem> {
    let (set, remove) = (std::mem::take(&mut request.set), std::mem::take(&mut request.remove));
    if set.is_empty() && remove.is_empty() {
        return Err(Problem::invalid("neither `set` nor `remove` names a tag"));
    }
    set.iter().try_for_each(|(key, value)| check_tag(key, value))?;
    let dry_run = request.dry_run;
    let selection = select(&app, request.into()).await?;
    if dry_run {
        return count(&app, &selection).await;
    }
    let mut result = BulkResult { matched: 0, changed: 0 };
    let change = Arc::new((set, remove));
    let mut steps = Steps::new(&selection);
    while let Some(traces) = steps.next(&app).await? {
        result.matched += traces.len() as u64;
        let changes =
            traces.into_iter().map(|trace| change_tags(app.clone(), trace.trace_id, Arc::clone(&change)));
        let mut changes = stream::iter(changes).buffer_unordered(CHANGES_UNDER_WAY);
        while let Some(changed) = changes.next().await {
            result.changed += u64::from(changed?);
        }
    }
    Ok(Json(result))
}

/// Changes one trace's tags; false if it was deleted in between, or had none of the tags to remove.
async fn change_tags(
    app: App,
    id: TraceId,
    change: Arc<(BTreeMap<String, String>, Vec<String>)>,
) -> Result<bool, Failure> {
    let (set, remove) = &*change;
    let is_there = |result: StoreResult<()>| match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
    let mut changed = false;
    for (key, value) in set {
        let (mut key, mut value) = (key.clone(), value.clone());
        app.ingest.redaction().tag(&id, &mut key, &mut value).await?;
        changed |= is_there(app.store.set_trace_tag(&id, &key, &value).await)?;
    }
    for key in remove {
        changed |= is_there(app.store.delete_trace_tag(&id, key).await)?;
    }
    Ok(changed)
}

/// Checks a tag against the limits.
pub(super) fn check_tag(key: &str, value: &str) -> Result<(), Problem> {
    let chars = key.chars().count();
    if key.is_empty() || key.contains('\0') || value.contains('\0') {
        return Err(Problem::invalid(format!(
            "tag `{key}` can't be set: a key may not be empty, nor key or value hold NUL"
        )));
    }
    if chars > TAG_KEY_CHARS_MAX {
        return Err(Problem::invalid(format!(
            "a tag's key has {chars} characters; the limit is {TAG_KEY_CHARS_MAX}"
        )));
    }
    if value.len() > TAG_VALUE_BYTES_MAX {
        return Err(Problem::invalid(format!(
            "the value of tag `{key}` has {} bytes; the limit is {TAG_VALUE_BYTES_MAX}",
            value.len()
        )));
    }
    Ok(())
}

pub(super) async fn select(app: &App, request: BulkRequest) -> Result<Selection, Problem> {
    let is_open = request.filter.trim().is_empty()
        && request.from.is_none()
        && request.to.is_none()
        && request.trace_ids.is_none();
    if is_open && !request.all {
        return Err(Problem::invalid(
            "the request selects nothing in particular; give `filter`, `from`, `to` or `trace_ids`, or say `\"all\": true`",
        ));
    }
    let text = SelectionText {
        experiments: request.experiments,
        filter: request.filter,
        from: request.from,
        to: request.to,
    };
    let mut selection = text.resolve(app).await?;
    if let Some(ids) = request.trace_ids {
        if ids.len() > TRACE_IDS_MAX {
            return Err(Problem::invalid(format!(
                "`trace_ids` names {} traces; the limit is {TRACE_IDS_MAX}",
                ids.len()
            )));
        }
        let ids = ids.iter().map(|text| text.parse()).collect::<Result<Vec<TraceId>, _>>()?;
        selection.filter = Some(Expr::and(one_of(&ids).into_iter().chain(selection.filter).collect()));
    }
    Ok(selection)
}

/// Returns the condition that a trace is one of these.
pub(crate) fn one_of(ids: &[TraceId]) -> Vec<Expr<Predicate>> {
    let test = TextTest::In(ids.iter().map(TraceId::to_string).collect());
    vec![Expr::Is(Predicate::Text { field: TextField::TraceId, test })]
}

async fn count(app: &App, selection: &Selection) -> Result<Json<BulkResult>, Problem> {
    let matched = app.store.count_traces(selection.page(Vec::new(), 1, None)).await?;
    Ok(Json(BulkResult { matched, changed: 0 }))
}

/// The selected traces, a step at a time, newest first: what arrives meanwhile is left alone.
pub(super) struct Steps {
    query: Option<TraceQuery>,
}

impl Steps {
    pub(super) fn new(selection: &Selection) -> Steps {
        let newest_first = OrderBy { key: OrderKey::Start, descending: true };
        Steps { query: Some(selection.page(vec![newest_first], STEP_TRACES, None)) }
    }

    /// Returns the next traces; `None` at the end.
    pub(super) async fn next(&mut self, app: &App) -> StoreResult<Option<Vec<TraceInfo>>> {
        let Some(query) = self.query.take() else { return Ok(None) };
        let page = app.store.find_traces(query.clone()).await?;
        self.query = page.next.map(|cursor| TraceQuery { after: Some(cursor), ..query });
        Ok(Some(page.traces))
    }
}
