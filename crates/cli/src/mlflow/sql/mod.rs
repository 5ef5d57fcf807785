//! MLflow's database as a source. Columns that came with later versions of its schema may be missing.

mod catalog;
mod database;
mod review;
mod run;
mod trace;

use super::page::{Context, Page, Stage};
use anyhow::{Context as _, Result, bail};
use database::{Database, Row, quoted};
use serde_json::Value;
use std::path::Path;

/// Rows of the catalog that are read together.
const PAGE_ROWS: usize = 200;
/// What every database of MLflow's has had since version 1.
const REQUIRED: [&str; 5] = ["experiments", "runs", "tags", "params", "metrics"];
/// Revisions of the schema at which MLflow 3.17 is, and the ones before it, are read whole; a later one may know more.
const NEWEST_REVISION: &str = "dc11669786a5";
/// The workspace that all is in where there are none.
const DEFAULT_WORKSPACE: &str = "default";

/// A database with MLflow's tables.
pub(super) struct SqlSource {
    database: Database,
    /// The revision of its schema.
    pub(super) revision: String,
}

impl SqlSource {
    pub(super) async fn sqlite(path: &Path) -> Result<SqlSource> {
        SqlSource::with(Database::sqlite(path).await?).await
    }

    pub(super) async fn postgres(uri: &str) -> Result<SqlSource> {
        SqlSource::with(Database::postgres(uri).await?).await
    }

    async fn with(database: Database) -> Result<SqlSource> {
        let revision = match database.has("alembic_version") {
            true => database.query("SELECT version_num FROM alembic_version").await?,
            false => Vec::new(),
        };
        let revision = revision.first().map(|row| row.text(0)).unwrap_or_default();
        let missing: Vec<&str> = REQUIRED.into_iter().filter(|table| !database.has(table)).collect();
        if !missing.is_empty() {
            bail!("this is no database of MLflow's: it has no table `{}`", missing.join("`, `"));
        }
        for (table, column) in [("runs", "lifecycle_stage"), ("metrics", "is_nan"), ("metrics", "step")] {
            if !database.has_column(table, column) {
                bail!(
                    "the schema of this database is older than MLflow 1.3 (revision `{revision}`: `{table}` has no `{column}`); \
                     run `mlflow db upgrade` on a copy of it, and import that"
                );
            }
        }
        Ok(SqlSource { database, revision })
    }

    /// Returns what else is to be known of this database.
    pub(super) async fn notes(&self) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        if self.revision.is_empty() {
            notes.push("the database does not say which version of MLflow's schema it has".to_owned());
        } else if self.revision != NEWEST_REVISION && self.database.has("mcp_servers") {
            notes.push(format!(
                "the database has schema revision {}, which this release does not know; what is new in it is not taken",
                self.revision
            ));
        }
        for (table, what) in [
            ("secrets", "secrets of the AI gateway"),
            ("endpoints", "endpoints of the AI gateway"),
            ("mcp_servers", "MCP servers"),
            ("jobs", "jobs"),
        ] {
            if self.database.has(table) {
                let count = self.database.query(&format!("SELECT count(*) FROM {table}")).await?;
                let count = count.first().map_or(Ok(0), |row| row.int(0))?;
                if count > 0 {
                    notes.push(format!("{count} {what} are not taken: Spanwise has nothing like them"));
                }
            }
        }
        for table in ["experiments", "evaluation_datasets", "registered_models", "webhooks"] {
            if self.database.has_column(table, "workspace") {
                let sql =
                    format!("SELECT count(*) FROM {table} WHERE workspace <> {}", quoted(DEFAULT_WORKSPACE));
                let count = self.database.query(&sql).await?.first().map_or(Ok(0), |row| row.int(0))?;
                if count > 0 {
                    notes.push(format!("{count} {table} of other workspaces than `default` are not taken"));
                }
            }
        }
        Ok(notes)
    }

    /// Returns how many there are of a stage, if that can be told at once.
    pub(super) async fn count(&self, stage: Stage, context: &Context) -> Result<Option<u64>> {
        let from = match stage {
            Stage::Experiments => format!("experiments AS t WHERE 1 = 1{}", self.workspace("experiments")),
            Stage::Runs => {
                format!("runs AS t WHERE {}{}", self.in_experiments(context), since("start_time", context))
            }
            Stage::Traces => {
                format!(
                    "trace_info AS t WHERE {}{}",
                    self.in_experiments(context),
                    since("timestamp_ms", context)
                )
            }
            Stage::Metrics if context.since_ms.is_none() && context.wanted.is_empty() => {
                "metrics AS t".to_owned()
            }
            Stage::LoggedModels => format!("logged_models AS t WHERE {}", self.in_experiments(context)),
            Stage::DatasetRecords => "evaluation_dataset_records AS t".to_owned(),
            _ => return Ok(None),
        };
        let table = from.split(' ').next().unwrap_or_default();
        if !self.database.has(table) {
            return Ok(Some(0));
        }
        let rows = self.database.query(&format!("SELECT count(*) FROM {from}")).await?;
        let count = rows.first().map_or(Ok(0), |row| row.int(0))?;
        Ok(Some(count.max(0).cast_unsigned()))
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
            Stage::ReviewItems => self.review_items(context, after).await,
            Stage::Webhooks => self.webhooks(context, after).await,
            Stage::Artifacts => self.artifacts(context, after).await,
            // Traces come with their links.
            Stage::RunLinks | Stage::Deletions => Ok(Page::default()),
        };
        page.with_context(|| format!("cannot read {}", stage.name()))
    }

    /// Reads rows of a table by its key, a page of them.
    async fn keyed(
        &self,
        table: &str,
        key: &str,
        columns: &[&str],
        condition: &str,
        after: Option<&Value>,
    ) -> Result<(Vec<Row>, Option<Value>)> {
        if !self.database.has(table) {
            return Ok((Vec::new(), None));
        }
        let after = match after.and_then(Value::as_str) {
            Some(after) => format!(" AND t.{key} > {}", quoted(after)),
            None => String::new(),
        };
        let sql = format!(
            "SELECT t.{key}{} FROM {table} AS t WHERE {condition}{after} ORDER BY t.{key} LIMIT {PAGE_ROWS}",
            columns
                .iter()
                .map(|column| format!(", {}", self.database.columns(table, "t", &[column])))
                .collect::<String>()
        );
        let rows = self.database.query(&sql).await?;
        let next = match rows.last() {
            Some(last) if rows.len() == PAGE_ROWS => Some(last.text(0).into()),
            _ => None,
        };
        Ok((rows, next))
    }

    /// Returns the condition that a row `t` is of an experiment that is taken.
    fn in_experiments(&self, context: &Context) -> String {
        let ids: Vec<String> = context.experiments.keys().map(i64::to_string).collect();
        if ids.is_empty() { "1 = 0".to_owned() } else { format!("t.experiment_id IN ({})", ids.join(", ")) }
    }

    /// Returns the condition that a row `t` is of the workspace that is taken.
    fn workspace(&self, table: &str) -> String {
        match self.database.has_column(table, "workspace") {
            true => format!(" AND t.workspace = {}", quoted(DEFAULT_WORKSPACE)),
            false => String::new(),
        }
    }
}

fn since(column: &str, context: &Context) -> String {
    context.since_ms.map(|ms| format!(" AND t.{column} >= {ms}")).unwrap_or_default()
}
