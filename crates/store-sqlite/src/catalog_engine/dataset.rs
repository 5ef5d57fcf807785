//! Evaluation datasets.

use crate::catalog;
use crate::store::{SqliteStore, now_ns};
use async_trait::async_trait;
use serde_json::Value;
use spanwise_model::{Dataset, DatasetChange, DatasetRecord, ExperimentId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{
    DatasetPage, DatasetQuery, DatasetStore, Differences, MergeEffect, Merged, NewDataset, NewRecord,
    RecordContent, RecordPage, RecordQuery, VersionPair,
};
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

    async fn rename_dataset(&self, id: &str, name: &str, user: Option<&str>) -> StoreResult<Dataset> {
        let (id, name, user) = (id.to_owned(), name.to_owned(), user.map(str::to_owned));
        self.write(move |context| {
            catalog::rename_dataset(context.conn, &id, &name, user.as_deref(), now_ns())
        })
        .await
    }

    async fn remember_mapping(&self, id: &str, mapping: Value) -> StoreResult<()> {
        let id = id.to_owned();
        self.write(move |context| catalog::remember_mapping(context.conn, &id, &mapping)).await
    }

    async fn continue_merge(
        &self,
        id: &str,
        records: Vec<NewRecord>,
        begun: Option<i64>,
    ) -> StoreResult<Merged> {
        let id = id.to_owned();
        self.write(move |context| catalog::continue_merge(context.conn, &id, &records, begun, now_ns())).await
    }

    async fn try_merge(&self, id: &str, records: Vec<NewRecord>) -> StoreResult<Vec<MergeEffect>> {
        let id = id.to_owned();
        self.read(move |conn| catalog::try_merge(conn, &id, &records)).await
    }

    async fn find_records(
        &self,
        id: &str,
        version: Option<i64>,
        limit: usize,
        after: Option<i64>,
    ) -> StoreResult<RecordPage> {
        self.search_records(id, RecordQuery { version, text: None, limit, after }).await
    }

    async fn search_records(&self, id: &str, query: RecordQuery) -> StoreResult<RecordPage> {
        let id = id.to_owned();
        self.read(move |conn| catalog::find_records(conn, &id, &query)).await
    }

    async fn get_record(&self, id: &str, record: &str, version: Option<i64>) -> StoreResult<DatasetRecord> {
        let (id, record) = (id.to_owned(), record.to_owned());
        self.read(move |conn| catalog::get_record(conn, &id, &record, version)).await
    }

    async fn replace_record(
        &self,
        id: &str,
        record: &str,
        expected: i64,
        content: RecordContent,
    ) -> StoreResult<DatasetRecord> {
        let (id, record) = (id.to_owned(), record.to_owned());
        self.write(move |context| {
            catalog::replace_record(context.conn, &id, &record, expected, &content, now_ns())
        })
        .await
    }

    async fn delete_records(&self, id: &str, records: &[String], user: Option<&str>) -> StoreResult<u64> {
        let (id, records, user) = (id.to_owned(), records.to_vec(), user.map(str::to_owned));
        self.write(move |context| {
            catalog::delete_records(context.conn, &id, &records, user.as_deref(), now_ns())
        })
        .await
    }

    async fn find_changes(
        &self,
        id: &str,
        limit: usize,
        before: Option<i64>,
    ) -> StoreResult<Vec<DatasetChange>> {
        let id = id.to_owned();
        self.read(move |conn| catalog::find_changes(conn, &id, limit, before)).await
    }

    async fn compare_versions(&self, id: &str, query: VersionPair) -> StoreResult<Differences> {
        let id = id.to_owned();
        self.read(move |conn| catalog::compare_versions(conn, &id, query)).await
    }
}
