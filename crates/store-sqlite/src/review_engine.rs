//! The contract of the traits of [`spanwise_store::catalog`] for what reviewers work with, call by call.

use crate::catalog;
use crate::store::{SqliteStore, now_ns};
use async_trait::async_trait;
use spanwise_model::{Issue, IssueId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{IssueChange, IssuePage, IssueQuery, IssueStore, NewIssue};

#[async_trait]
impl IssueStore for SqliteStore {
    async fn create_issue(&self, new: NewIssue) -> StoreResult<Issue> {
        self.write(move |context| catalog::create_issue(context.conn, &new, now_ns())).await
    }

    async fn get_issue(&self, id: &IssueId) -> StoreResult<Issue> {
        let id = id.clone();
        self.read(move |conn| catalog::get_issue(conn, &id)).await
    }

    async fn update_issue(&self, id: &IssueId, change: IssueChange) -> StoreResult<Issue> {
        let id = id.clone();
        self.write(move |context| catalog::update_issue(context.conn, &id, &change, now_ns())).await
    }

    async fn find_issues(&self, query: IssueQuery) -> StoreResult<IssuePage> {
        self.read(move |conn| catalog::find_issues(conn, &query)).await
    }
}
