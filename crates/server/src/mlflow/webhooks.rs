//! `webhooks`.

use super::extract::Params;
use super::page::{offset_of, offset_token};
use super::reply::done;
use crate::App;
use crate::error::{MlflowError, MlflowResult};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::webhook::{
    CreateWebhook, ListWebhooks, TestWebhook, UpdateWebhook, Webhook, WebhookResponse, WebhookTestResponse,
    WebhooksResponse,
};
use spanwise_store::catalog::{NewWebhook, WebhookChange};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/webhooks", get(list).post(create))
        .route("/webhooks/{webhook_id}", get(get_one).patch(update).delete(delete))
        .route("/webhooks/{webhook_id}/test", post(test))
}

async fn create(
    State(app): State<App>,
    Params(request): Params<CreateWebhook>,
) -> MlflowResult<Json<WebhookResponse>> {
    app.webhooks.check_url(&request.url).await.map_err(MlflowError::invalid)?;
    let CreateWebhook { name, url, events, description, secret, is_active } = request;
    let webhook_id = uuid::Uuid::new_v4().to_string();
    let new = NewWebhook { webhook_id, name, description, url, secret, events, is_active };
    answer(app.catalog.create_webhook(new).await?)
}

async fn list(
    State(app): State<App>,
    Params(request): Params<ListWebhooks>,
) -> MlflowResult<Json<WebhooksResponse>> {
    let offset = offset_of(&request.page_token)?;
    let page = app.catalog.list_webhooks(request.max_results, offset).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.webhooks.len()));
    Ok(Json(WebhooksResponse {
        webhooks: page.webhooks.into_iter().map(Webhook::from).collect(),
        next_page_token,
    }))
}

async fn get_one(State(app): State<App>, Path(id): Path<String>) -> MlflowResult<Json<WebhookResponse>> {
    answer(app.catalog.get_webhook(&id).await?)
}

async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<UpdateWebhook>,
) -> MlflowResult<Json<WebhookResponse>> {
    if let Some(url) = &request.url {
        app.webhooks.check_url(url).await.map_err(MlflowError::invalid)?;
    }
    let UpdateWebhook { name, url, events, description, secret, is_active } = request;
    let change = WebhookChange { name, description, url, secret, events, is_active };
    let webhook = app.catalog.update_webhook(&id, change).await?;
    // It may have been made active again, with deliveries that wait.
    app.webhooks.wake();
    answer(webhook)
}

async fn delete(State(app): State<App>, Path(id): Path<String>) -> MlflowResult<Json<Value>> {
    app.catalog.delete_webhook(&id).await?;
    Ok(done())
}

async fn test(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<TestWebhook>,
) -> MlflowResult<Json<WebhookTestResponse>> {
    let webhook = app.catalog.get_webhook(&id).await?;
    let event = request.event.or_else(|| webhook.events.first().copied());
    let event = event.ok_or_else(|| MlflowError::invalid("Webhook events cannot be empty"))?;
    let secret = app.catalog.webhook_secret(&id).await?;
    let result = app.webhooks.test(&webhook, secret.as_deref(), event).await;
    Ok(Json(WebhookTestResponse { result }))
}

fn answer(webhook: spanwise_model::Webhook) -> MlflowResult<Json<WebhookResponse>> {
    Ok(Json(WebhookResponse { webhook: webhook.into() }))
}
