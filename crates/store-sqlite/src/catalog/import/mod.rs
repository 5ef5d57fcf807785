//! The contract of [`ImportStore`]: what another store has, taken over as it is. Each noun does its own part.

mod experiment;
mod issue;
mod scorer;

use super::{dataset, label_schema, logged_model, registry, review_queue, run, webhook};
use crate::error::sql_error;
use crate::store::SqliteStore;
use async_trait::async_trait;
use rusqlite::Connection;
use spanwise_store::StoreResult;
use spanwise_store::catalog::{ImportItem, ImportStore, Imported};

#[async_trait]
impl ImportStore for SqliteStore {
    async fn import_items(&self, items: Vec<ImportItem>) -> StoreResult<Vec<StoreResult<Imported>>> {
        self.write(move |context| {
            items.iter().map(|item| in_savepoint(context.conn, |conn| import(conn, item))).collect()
        })
        .await
    }
}

/// Runs the import of one item so that its failure undoes only itself; an error of the savepoint is one of the whole.
fn in_savepoint<T>(
    conn: &Connection,
    import: impl FnOnce(&Connection) -> StoreResult<T>,
) -> StoreResult<StoreResult<T>> {
    conn.execute_batch("SAVEPOINT import_item").map_err(sql_error)?;
    let result = import(conn);
    if result.is_err() {
        conn.execute_batch("ROLLBACK TO import_item").map_err(sql_error)?;
    }
    conn.execute_batch("RELEASE import_item").map_err(sql_error)?;
    Ok(result)
}

fn import(conn: &Connection, item: &ImportItem) -> StoreResult<Imported> {
    match item {
        ImportItem::Experiment(experiment) => return experiment::import(conn, experiment),
        ImportItem::Run(run) => run::import_run(conn, run),
        ImportItem::Metrics { run_id, points } => run::import_metrics(conn, run_id, points),
        ImportItem::LoggedModel(model) => logged_model::import_model(conn, model),
        ImportItem::Dataset(dataset) => dataset::import_dataset(conn, dataset),
        ImportItem::Records { dataset_id, records } => dataset::import_records(conn, dataset_id, records),
        ImportItem::RegisteredModel(model) => registry::import_model(conn, model),
        ImportItem::ModelVersion(version) => registry::import_version(conn, version),
        ImportItem::ScorerVersion(version) => scorer::import_version(conn, version),
        ImportItem::OnlineScoring(scoring) => scorer::import_scoring(conn, scoring),
        ImportItem::Issue(issue) => issue::import(conn, issue),
        ImportItem::LabelSchema(schema) => label_schema::import_schema(conn, schema),
        ImportItem::ReviewQueue(queue) => review_queue::import_queue(conn, queue),
        ImportItem::ReviewItem(item) => review_queue::import_item(conn, item),
        ImportItem::Webhook(webhook, secret) => webhook::import_webhook(conn, webhook, secret.as_deref()),
    }?;
    Ok(Imported::Done)
}
