//! The contract of [`ScoringStore`], call by call.

use super::{arrival, backfill, queue, status};
use crate::store::{SqliteStore, now_ns};
use async_trait::async_trait;
use spanwise_model::{ExperimentId, ScorerVersion, TraceId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{
    Backfill, BackfillState, BackfillStep, DueScores, NewBackfill, RunningBackfill, RunningScorer, ScoreEnd,
    ScoringLimits, ScoringStatus, ScoringStore, Settled, Settling,
};

#[async_trait]
impl ScoringStore for SqliteStore {
    async fn running_scorers(&self) -> StoreResult<Vec<RunningScorer>> {
        self.read(status::running_scorers).await
    }

    async fn get_scorers_by_id(&self, ids: &[String]) -> StoreResult<Vec<ScorerVersion>> {
        let ids = ids.to_vec();
        self.read(move |conn| status::get_scorers_by_id(conn, &ids)).await
    }

    async fn set_scoring_limits(
        &self,
        experiment: ExperimentId,
        name: &str,
        limits: ScoringLimits,
    ) -> StoreResult<()> {
        let name = name.to_owned();
        self.write(move |context| status::set_limits(context.conn, experiment, &name, limits)).await
    }

    async fn note_arrivals(&self, now_ns: i64, quiet_ns: i64, limit: usize) -> StoreResult<usize> {
        // Most looks find nothing, and a write costs a sync.
        if !self.read(arrival::has_arrivals).await? {
            return Ok(0);
        }
        self.write(move |context| arrival::note_arrivals(context.conn, now_ns, quiet_ns, limit)).await
    }

    async fn hasten_traces(&self, traces: &[TraceId], due_ns: i64) -> StoreResult<()> {
        let traces = traces.to_vec();
        let late = self.read(move |conn| arrival::late_traces(conn, &traces, due_ns)).await?;
        if late.is_empty() {
            return Ok(());
        }
        self.write(move |context| arrival::hasten(context.conn, late, due_ns)).await
    }

    async fn settle_traces(
        &self,
        now_ns: i64,
        quiet_ns: i64,
        give_up_ns: i64,
        limit: usize,
    ) -> StoreResult<Settling> {
        let next_due_ns = self.read(arrival::next_due).await?;
        if next_due_ns.is_none_or(|due_ns| due_ns > now_ns) {
            return Ok(Settling { next_due_ns, ..Settling::default() });
        }
        self.write(move |context| arrival::settle_traces(context.conn, now_ns, quiet_ns, give_up_ns, limit))
            .await
    }

    async fn queue_scores(&self, settled: Settled) -> StoreResult<()> {
        self.write(move |context| queue::queue_scores(context.conn, settled)).await
    }

    async fn due_scores(&self, scorers: &[String], now_ns: i64, limit: usize) -> StoreResult<DueScores> {
        let scorers = scorers.to_vec();
        self.read(move |conn| queue::due_scores(conn, &scorers, now_ns, limit)).await
    }

    async fn end_scores(&self, ends: Vec<ScoreEnd>) -> StoreResult<()> {
        self.write(move |context| queue::end_scores(context, ends)).await
    }

    async fn scoring_status(&self, scorers: &[String], first_day: i64) -> StoreResult<Vec<ScoringStatus>> {
        let scorers = scorers.to_vec();
        self.read(move |conn| status::scoring_status(conn, &scorers, first_day)).await
    }

    async fn count_unsettled(&self) -> StoreResult<u64> {
        self.read(arrival::count_unsettled).await
    }

    async fn create_backfill(&self, new: NewBackfill) -> StoreResult<Backfill> {
        self.write(move |context| backfill::create(context.conn, &new)).await
    }

    async fn get_backfill(&self, id: &str) -> StoreResult<Backfill> {
        let id = id.to_owned();
        self.read(move |conn| backfill::get(conn, &id)).await
    }

    async fn list_backfills(&self, scorer_id: Option<&str>, limit: usize) -> StoreResult<Vec<Backfill>> {
        let scorer_id = scorer_id.map(str::to_owned);
        self.read(move |conn| backfill::list(conn, scorer_id.as_deref(), limit)).await
    }

    async fn running_backfills(&self) -> StoreResult<Vec<RunningBackfill>> {
        self.read(backfill::running).await
    }

    async fn advance_backfill(&self, id: &str, step: BackfillStep) -> StoreResult<()> {
        let id = id.to_owned();
        self.write(move |context| backfill::advance(context.conn, &id, &step)).await
    }

    async fn end_backfill(
        &self,
        id: &str,
        state: BackfillState,
        error: Option<&str>,
    ) -> StoreResult<Backfill> {
        let (id, error) = (id.to_owned(), error.map(str::to_owned));
        self.write(move |context| backfill::end(context.conn, &id, state, error.as_deref(), now_ns())).await
    }
}
