//! Evaluation datasets.

use crate::catalog;
use crate::store::{SqliteStore, now_ns};
use async_trait::async_trait;
use spanwise_model::{Dataset, ExperimentId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{DatasetPage, DatasetQuery, DatasetStore, NewDataset, NewRecord, RecordPage};
use std::collections::BTreeMap;

#[async_trait]
impl DatasetStore for SqliteStore {
    async fn create_dataset(&self, new: NewDataset) -> StoreResult<Dataset> {
        self.write(move |context| catalog::create_dataset(context.conn, &new, now_ns())).await
    }

    async fn get_dataset(&self, id: &str) -> StoreResult<Dataset> {
        let id = id.to_owned();
        self.read(move |conn| catalog::get_dataset(conn, &id)).await
    }

    async fn find_datasets(&self, query: DatasetQuery) -> StoreResult<DatasetPage> {
        self.read(move |conn| catalog::find_datasets(conn, &query)).await
    }

    async fn delete_dataset(&self, id: &str) -> StoreResult<()> {
        let id = id.to_owned();
        self.write(move |context| catalog::delete_dataset(context.conn, &id)).await
    }

    async fn set_dataset_tags(&self, id: &str, tags: BTreeMap<String, Option<String>>) -> StoreResult<()> {
        let id = id.to_owned();
        self.write(move |context| catalog::set_dataset_tags(context.conn, &id, &tags, now_ns())).await
    }

    async fn change_dataset_experiments(
        &self,
        id: &str,
        add: &[ExperimentId],
        remove: &[ExperimentId],
    ) -> StoreResult<Dataset> {
        let (id, add, remove) = (id.to_owned(), add.to_vec(), remove.to_vec());
        self.write(move |context| {
            catalog::change_dataset_experiments(context.conn, &id, &add, &remove, now_ns())
        })
        .await
    }

    async fn merge_records(&self, id: &str, records: Vec<NewRecord>) -> StoreResult<(u64, u64)> {
        let id = id.to_owned();
        self.write(move |context| catalog::merge_records(context.conn, &id, &records, now_ns())).await
    }

    async fn find_records(
        &self,
        id: &str,
        version: Option<i64>,
        limit: usize,
        after: Option<i64>,
    ) -> StoreResult<RecordPage> {
        let id = id.to_owned();
        self.read(move |conn| catalog::find_records(conn, &id, version, limit, after)).await
    }

    async fn delete_records(&self, id: &str, records: &[String]) -> StoreResult<u64> {
        let (id, records) = (id.to_owned(), records.to_vec());
        self.write(move |context| catalog::delete_records(context.conn, &id, &records, now_ns())).await
    }
}
