//! Logged models.

use crate::catalog;
use crate::store::{SqliteStore, now_ns};
use async_trait::async_trait;
use spanwise_model::{LoggedModel, ModelStatus};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{LoggedModelPage, LoggedModelQuery, LoggedModelStore, NewLoggedModel};
use std::collections::BTreeMap;

#[async_trait]
impl LoggedModelStore for SqliteStore {
    async fn create_logged_model(&self, new: NewLoggedModel) -> StoreResult<LoggedModel> {
        self.write(move |context| catalog::create_logged_model(context.conn, &new, now_ns())).await
    }

    async fn get_logged_model(&self, id: &str) -> StoreResult<LoggedModel> {
        let id = id.to_owned();
        self.read(move |conn| catalog::get_logged_model(conn, &id)).await
    }

    async fn find_logged_models(&self, query: LoggedModelQuery) -> StoreResult<LoggedModelPage> {
        self.read(move |conn| catalog::find_logged_models(conn, &query)).await
    }

    async fn finalize_logged_model(&self, id: &str, status: ModelStatus) -> StoreResult<LoggedModel> {
        let id = id.to_owned();
        self.write(move |context| catalog::finalize_logged_model(context.conn, &id, status, now_ns())).await
    }

    async fn delete_logged_model(&self, id: &str) -> StoreResult<()> {
        let id = id.to_owned();
        self.write(move |context| catalog::delete_logged_model(context.conn, &id, now_ns())).await
    }

    async fn log_logged_model(
        &self,
        id: &str,
        params: BTreeMap<String, String>,
        tags: BTreeMap<String, String>,
    ) -> StoreResult<()> {
        let id = id.to_owned();
        self.write(move |context| catalog::log_logged_model(context.conn, &id, &params, &tags)).await
    }

    async fn delete_logged_model_tag(&self, id: &str, key: &str) -> StoreResult<()> {
        let (id, key) = (id.to_owned(), key.to_owned());
        self.write(move |context| catalog::delete_logged_model_tag(context.conn, &id, &key)).await
    }
}
