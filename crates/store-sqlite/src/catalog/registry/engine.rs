//! The contract of [`RegistryStore`], call by call.

use super::super::registry;
use crate::store::{SqliteStore, now_ns};
use async_trait::async_trait;
use spanwise_model::{ModelStage, ModelVersion, RegisteredModel};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{
    ModelVersionPage, NewModelVersion, NewRegisteredModel, RegisteredModelPage, RegistryQuery, RegistryStore,
};

#[async_trait]
impl RegistryStore for SqliteStore {
    async fn create_registered_model(&self, new: NewRegisteredModel) -> StoreResult<RegisteredModel> {
        self.write(move |context| registry::create_registered_model(context.conn, &new, now_ns())).await
    }

    async fn get_registered_model(&self, name: &str) -> StoreResult<RegisteredModel> {
        let name = name.to_owned();
        self.read(move |conn| registry::get_registered_model(conn, &name)).await
    }

    async fn find_registered_models(&self, query: RegistryQuery) -> StoreResult<RegisteredModelPage> {
        self.read(move |conn| registry::find_registered_models(conn, &query)).await
    }

    async fn describe_registered_model(
        &self,
        name: &str,
        description: Option<String>,
    ) -> StoreResult<RegisteredModel> {
        let name = name.to_owned();
        self.write(move |context| {
            registry::describe_registered_model(context.conn, &name, description.as_deref(), now_ns())
        })
        .await
    }

    async fn rename_registered_model(&self, name: &str, new_name: &str) -> StoreResult<RegisteredModel> {
        let (name, new_name) = (name.to_owned(), new_name.to_owned());
        self.write(move |context| registry::rename_registered_model(context.conn, &name, &new_name, now_ns()))
            .await
    }

    async fn delete_registered_model(&self, name: &str) -> StoreResult<()> {
        let name = name.to_owned();
        self.write(move |context| registry::delete_registered_model(context.conn, &name)).await
    }

    async fn set_registered_model_tag(&self, name: &str, key: &str, value: &str) -> StoreResult<()> {
        let (name, key, value) = (name.to_owned(), key.to_owned(), value.to_owned());
        self.write(move |context| {
            registry::set_registered_model_tag(context.conn, &name, &key, &value, now_ns())
        })
        .await
    }

    async fn delete_registered_model_tag(&self, name: &str, key: &str) -> StoreResult<()> {
        let (name, key) = (name.to_owned(), key.to_owned());
        self.write(move |context| registry::delete_registered_model_tag(context.conn, &name, &key, now_ns()))
            .await
    }

    async fn set_model_alias(&self, name: &str, alias: &str, version: i64) -> StoreResult<()> {
        let (name, alias) = (name.to_owned(), alias.to_owned());
        self.write(move |context| registry::set_model_alias(context.conn, &name, &alias, version, now_ns()))
            .await
    }

    async fn delete_model_alias(&self, name: &str, alias: &str) -> StoreResult<()> {
        let (name, alias) = (name.to_owned(), alias.to_owned());
        self.write(move |context| registry::delete_model_alias(context.conn, &name, &alias, now_ns())).await
    }

    async fn get_model_version_by_alias(&self, name: &str, alias: &str) -> StoreResult<ModelVersion> {
        let (name, alias) = (name.to_owned(), alias.to_owned());
        self.read(move |conn| registry::get_model_version_by_alias(conn, &name, &alias)).await
    }

    async fn create_model_version(&self, new: NewModelVersion) -> StoreResult<ModelVersion> {
        self.write(move |context| registry::create_model_version(context.conn, &new, now_ns())).await
    }

    async fn get_model_version(&self, name: &str, version: i64) -> StoreResult<ModelVersion> {
        let name = name.to_owned();
        self.read(move |conn| registry::get_model_version(conn, &name, version)).await
    }

    async fn find_model_versions(&self, query: RegistryQuery) -> StoreResult<ModelVersionPage> {
        self.read(move |conn| registry::find_model_versions(conn, &query)).await
    }

    async fn describe_model_version(
        &self,
        name: &str,
        version: i64,
        description: Option<String>,
    ) -> StoreResult<ModelVersion> {
        let name = name.to_owned();
        self.write(move |context| {
            let description = description.as_deref();
            registry::describe_model_version(context.conn, &name, version, description, now_ns())
        })
        .await
    }

    async fn set_model_version_stage(
        &self,
        name: &str,
        version: i64,
        stage: ModelStage,
        archive_others: bool,
    ) -> StoreResult<ModelVersion> {
        let name = name.to_owned();
        self.write(move |context| {
            registry::set_model_version_stage(context.conn, &name, version, stage, archive_others, now_ns())
        })
        .await
    }

    async fn delete_model_version(&self, name: &str, version: i64) -> StoreResult<()> {
        let name = name.to_owned();
        self.write(move |context| registry::delete_model_version(context.conn, &name, version, now_ns()))
            .await
    }

    async fn set_model_version_tag(
        &self,
        name: &str,
        version: i64,
        key: &str,
        value: &str,
    ) -> StoreResult<()> {
        let (name, key, value) = (name.to_owned(), key.to_owned(), value.to_owned());
        self.write(move |context| {
            registry::set_model_version_tag(context.conn, &name, version, &key, &value, now_ns())
        })
        .await
    }

    async fn delete_model_version_tag(&self, name: &str, version: i64, key: &str) -> StoreResult<()> {
        let (name, key) = (name.to_owned(), key.to_owned());
        self.write(move |context| {
            registry::delete_model_version_tag(context.conn, &name, version, &key, now_ns())
        })
        .await
    }
}
