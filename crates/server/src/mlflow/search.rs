//! Search of traces.

use super::extract::Params;
use super::lookup::now_ns;
use crate::App;
use crate::error::{Failure, MlflowError, MlflowResult};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use spanwise_api_types::mlflow::trace::{SearchTraces, SearchTracesV2};
use spanwise_api_types::mlflow::trace_info::{TraceInfo, TracesResponse};
use spanwise_api_types::mlflow::v2::{TraceInfoV2, TracesV2Response};
use spanwise_model::ErrorKind;
use spanwise_query::{FilterError, parse_filter_at, parse_order_by};
use spanwise_store::{Cursor, CursorError, TraceQuery};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/traces/search", post(search))
}

pub(super) fn routes_v2() -> Router<App> {
    Router::new().route("/traces", get(search_v2))
}

async fn search(
    State(app): State<App>,
    Params(request): Params<SearchTraces>,
) -> MlflowResult<Json<TracesResponse>> {
    let (traces, next_page_token) = find(&app, request).await?;
    Ok(Json(TracesResponse { traces: traces.into_iter().map(TraceInfo::from).collect(), next_page_token }))
}

async fn search_v2(
    State(app): State<App>,
    Params(SearchTracesV2(request)): Params<SearchTracesV2>,
) -> MlflowResult<Json<TracesV2Response>> {
    let (traces, next_page_token) = find(&app, request).await?;
    Ok(Json(TracesV2Response {
        traces: traces.into_iter().map(TraceInfoV2::from).collect(),
        next_page_token,
    }))
}

/// Returns a page of traces, and the token of the next one.
async fn find(
    app: &App,
    request: SearchTraces,
) -> MlflowResult<(Vec<spanwise_model::TraceInfo>, Option<String>)> {
    // A token is good for the query that it came from; clients repeat the order word for word.
    let order_text = request.order_by.join(",");
    let after = match request.page_token.as_str() {
        "" => None,
        token => Some(Cursor::from_token(token, &order_text, &request.filter)?),
    };
    let query = TraceQuery {
        experiments: request.experiments,
        filter: if request.filter.is_empty() {
            None
        } else {
            Some(parse_filter_at(&request.filter, now_ns())?)
        },
        order: parse_order_by(&request.order_by)?,
        limit: request.max_results,
        after,
    };
    let page = app.store.find_traces(query).await?;
    let token = page.next.map(|cursor| cursor.to_token(&order_text, &request.filter));
    Ok((page.traces, token))
}

impl From<FilterError> for Failure {
    fn from(error: FilterError) -> Self {
        Failure::new(error.kind(), error.to_string())
    }
}

impl From<CursorError> for MlflowError {
    fn from(error: CursorError) -> Self {
        Failure::new(ErrorKind::InvalidArgument, error.to_string()).into()
    }
}
