//! A tracking server of MLflow's as a source, read through its REST API.

mod catalog;
mod client;
mod read;
mod review;
mod run;
mod trace;

pub(super) use client::ApiClient;

use super::page::{Context, Page, Stage};
use anyhow::{Context as _, Result, bail};
use client::Refused;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// Things that are asked for at a time.
const PAGE: usize = 200;
/// The same of what MLflow answers in smaller pages.
const SMALL_PAGE: usize = 50;

/// A server.
pub(super) struct ApiSource {
    pub(super) client: Arc<ApiClient>,
    version: String,
}

impl ApiSource {
    pub(super) async fn connect(url: &str) -> Result<ApiSource> {
        let client = ApiClient::new(url)?;
        let probe = json!({"max_results": 1, "view_type": "ALL"});
        let found = client.post("/api/2.0/mlflow/experiments/search", &probe).await;
        let found = found.with_context(|| format!("{} is no tracking server", super::source::shown(url)))?;
        if !found.is_object() {
            bail!("{} is no tracking server of MLflow's", super::source::shown(url));
        }
        let info = client.get("/api/3.0/mlflow/server-info").await.unwrap_or_default();
        Ok(ApiSource { client: Arc::new(client), version: read::text(&info["version"]) })
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes =
            vec!["a tracking server tells nothing of deleted logged models, nor of scorers of deleted experiments; a database does".to_owned()];
        if !self.version.is_empty() {
            notes.push(format!("the tracking server is MLflow {}", self.version));
        }
        notes
    }

    /// Reads a part of a stage, from the beginning or from where a part ended.
    pub(super) async fn page(&self, stage: Stage, context: &Context, after: Option<&Value>) -> Result<Page> {
        let page = match stage {
            Stage::Experiments => self.experiments(context, after).await,
            Stage::Runs => self.runs(context, after).await,
            Stage::Metrics => self.metrics(context, after).await,
            Stage::LoggedModels => self.logged_models(context, after).await,
            Stage::RegisteredModels => self.registered_models(after).await,
            Stage::ModelVersions => self.model_versions(after).await,
            Stage::Datasets => self.datasets(context, after).await,
            Stage::DatasetRecords => self.dataset_records(context, after).await,
            Stage::Scorers => self.scorers(context, after).await,
            Stage::OnlineScoring => self.online_scoring(context, after).await,
            Stage::Issues => self.issues(context, after).await,
            Stage::LabelSchemas => self.label_schemas(context, after).await,
            Stage::ReviewQueues => self.review_queues(context, after).await,
            Stage::Traces => self.traces(context, after).await,
            Stage::RunLinks => self.run_links(context, after).await,
            Stage::ReviewItems => self.review_items(context, after).await,
            Stage::Webhooks => self.webhooks(context, after).await,
            Stage::Artifacts => self.artifacts(context, after).await,
            Stage::Deletions => Ok(Page::default()),
        };
        match page {
            // Servers before the version that has such things.
            Err(error) if is_unknown_route(&error) => Ok(Page::default()),
            // Of a deleted experiment a server tells no scorers and the like.
            Err(error) if is_of_deleted(&error) => {
                let experiment = experiment_at(context, after).map(|(experiment, _)| experiment);
                let next = experiment.and_then(|experiment| next_place(context, experiment, None));
                Ok(Page { next, ..Page::default() })
            }
            page => page.with_context(|| format!("cannot read {}", stage.name())),
        }
    }

    /// Asks for a page of a list by POST; `after` is the token of the page before.
    async fn search(
        &self,
        path: &str,
        mut body: Value,
        after: Option<&Value>,
    ) -> Result<(Value, Option<Value>)> {
        if let Some(token) = after {
            body["page_token"] = token.clone();
        }
        let answer = self.client.post(path, &body).await?;
        let next = next_token(&answer);
        Ok((answer, next))
    }

    /// Asks for a page of a list by GET; `path` has its first parameter already.
    async fn list(&self, path: &str, after: Option<&Value>) -> Result<(Value, Option<Value>)> {
        let token = after.and_then(Value::as_str).map(crate::text::url_encoded);
        let path = match token {
            Some(token) => format!("{path}&page_token={token}"),
            None => path.to_owned(),
        };
        let answer = self.client.get(&path).await?;
        let next = next_token(&answer);
        Ok((answer, next))
    }
}

fn next_token(answer: &Value) -> Option<Value> {
    answer["next_page_token"].as_str().filter(|token| !token.is_empty()).map(Into::into)
}

fn is_unknown_route(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<Refused>();
    refused.is_some_and(|refused| {
        matches!(refused.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
    })
}

fn is_of_deleted(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<Refused>();
    refused.is_some_and(|refused| {
        refused.status == StatusCode::BAD_REQUEST && refused.message.contains("Current state is deleted")
    })
}

/// Where among the experiments a list that is asked for one by one is: the experiment, and the token of its page.
fn experiment_at(context: &Context, after: Option<&Value>) -> Option<(i64, Option<Value>)> {
    let first = context.experiments.keys().next().copied();
    match after {
        None => first.map(|id| (id, None)),
        Some(place) => Some((
            place["experiment"].as_i64()?,
            Some(place["token"].clone()).filter(|token| !token.is_null()),
        )),
    }
}

/// Returns the place of the next page of an experiment, else of the first one of the next experiment.
fn next_place(context: &Context, experiment: i64, token: Option<Value>) -> Option<Value> {
    match token {
        Some(token) => Some(json!({"experiment": experiment, "token": token})),
        None => {
            let next = context.experiments.range(experiment.saturating_add(1)..).next();
            next.map(|(id, _)| json!({"experiment": id}))
        }
    }
}
