//! The one loop that keeps scoring going.

use super::budget::Refusal;
use super::endpoint::InFlight;
use super::plan::{Model, Plan, Way};
use super::run::{end_unseen, has_scored, judge_and_store, refused, score_batch};
use super::{NO_ENDPOINT, judge};
use crate::App;
use crate::clock::now_ns;
use crate::native::one_of;
use spanwise_model::{ScorerVersion, TraceId};
use spanwise_query::{Expr, Filter, OrderBy, OrderKey, parse_filter_at};
use spanwise_score::is_sampled;
use spanwise_store::catalog::{
    BackfillState, BackfillStep, QueuedScore, RunningBackfill, RunningScorer, ScoreEnd, Settled, SettledTrace,
};
use spanwise_store::{Cursor, FeedPosition, StoreError, StoreResult, TraceQuery};
use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Traces that are noted, or looked at, in one step.
const STEP_TRACES: usize = 200;
/// Steps of one turn; then other work has its turn.
const STEPS_MAX: usize = 25;
/// Scores of a batch that needs no model.
const BATCH_SCORES: usize = 64;
/// Queued traces of a backfill beyond which it waits.
const BACKFILL_WAITING_MAX: u64 = 500;
/// Scores that may wait for one scorer. A model that is away for so long misses what comes after.
const WAITING_MAX: u64 = 1_000_000;
/// How often it is counted how many wait.
const COUNT_EVERY: Duration = Duration::from_secs(30);
/// How long a trace may take to end before it is given up.
const GIVE_UP_NS: i64 = 24 * 3_600 * 1_000_000_000;
/// How long changes are gathered: an agent's spans come one after the other.
const GATHERED_FOR: Duration = Duration::from_millis(200);
/// Longest sleep while scorers run, and while none does. Whatever changes wakes the loop; this is for clocks that were set
/// back.
const SLEEP_MAX: Duration = Duration::from_secs(30);
const IDLE_SLEEP: Duration = Duration::from_secs(600);
/// The pause when the store can't be asked.
pub(super) const STORE_PAUSE: Duration = Duration::from_secs(5);

/// A judge's call that is under way: scorer and place.
type Key = (String, i64);

/// What a piece of work was, now that it is done.
enum Done {
    Batch(StoreResult<()>),
    Judged(Key),
}

struct Worker {
    app: App,
    plans: HashMap<String, (i64, Plan)>,
    tasks: JoinSet<Done>,
    is_batch_running: bool,
    judging: HashSet<Key>,
    /// Scorers for which too many scores wait, and when that was counted.
    full: (Option<Instant>, HashSet<String>),
    /// Where the feed of changes is followed; `None` while no scorer runs.
    position: Option<FeedPosition>,
}

/// Scores until `stop`. What is under way then is done again when the server is started again.
pub(crate) async fn work(app: App, stop: CancellationToken) {
    let mut worker = Worker {
        app,
        plans: HashMap::new(),
        tasks: JoinSet::new(),
        is_batch_running: false,
        judging: HashSet::new(),
        full: (None, HashSet::new()),
        position: None,
    };
    // It goes on while other work ends: what is gathered would else begin anew each time.
    let mut following: Option<Following> = None;
    loop {
        let pause = match worker.turn().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!("scoring stands still: {error}");
                STORE_PAUSE
            }
        };
        following = match worker.position {
            Some(position) => following.or_else(|| Some(Box::pin(changes(worker.app.clone(), position)))),
            None => None,
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = worker.app.scoring.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
            changes = next_of(&mut following) => {
                following = None;
                worker.hear(changes).await;
            }
            Some(done) = worker.tasks.join_next() => worker.end_task(done),
        }
    }
}

type Changes = StoreResult<(FeedPosition, Vec<TraceId>)>;
type Following = Pin<Box<dyn Future<Output = Changes> + Send>>;

/// Waits for what is followed; forever if nothing is.
async fn next_of(following: &mut Option<Following>) -> Changes {
    match following {
        Some(changes) => changes.await,
        None => std::future::pending().await,
    }
}

/// Waits for changes of traces, and gathers some.
async fn changes(app: App, position: FeedPosition) -> Changes {
    app.store.next_changes(Some(position)).await?;
    tokio::time::sleep(GATHERED_FOR).await;
    let changes = app.store.next_changes(Some(position)).await?;
    Ok((changes.position, changes.traces))
}

impl Worker {
    /// Does what can be done now, and returns how long nothing else will be.
    async fn turn(&mut self) -> StoreResult<Duration> {
        let running = self.app.catalog.running_scorers().await?;
        let backfills = self.app.catalog.running_backfills().await?;
        if running.is_empty() && backfills.is_empty() {
            self.position = None;
            return Ok(IDLE_SLEEP);
        }
        self.plan(&running, &backfills).await?;
        let mut next_ns = None;
        let mut has_more = false;
        if running.is_empty() {
            self.position = None;
        } else {
            if self.position.is_none() {
                self.position = Some(self.app.store.next_changes(None).await?.position);
            }
            has_more = self.note_arrivals().await?;
            has_more |= self.settle(&running, &mut next_ns).await?;
        }
        let mut pause = if has_more { Duration::ZERO } else { SLEEP_MAX };
        for backfill in &backfills {
            if self.advance(backfill).await? {
                pause = Duration::ZERO;
            }
        }
        pause = pause.min(self.start_due(&mut next_ns).await?);
        let until = next_ns.map(|due_ns| due_ns.saturating_sub(now_ns()).max(0).unsigned_abs());
        Ok(until.map_or(pause, |ns| pause.min(Duration::from_nanos(ns))))
    }

    /// Hears what changed: what ended is looked at soon.
    async fn hear(&mut self, changes: Changes) {
        let heard = async {
            let (position, traces) = changes?;
            self.position = Some(position);
            let due_ns = now_ns().saturating_add(self.quiet_ns());
            self.app.catalog.hasten_traces(&traces, due_ns).await
        };
        if let Err(error) = heard.await {
            tracing::error!("scoring did not hear of changes: {error}");
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }

    fn end_task(&mut self, done: Result<Done, tokio::task::JoinError>) {
        match done {
            Ok(Done::Batch(result)) => {
                self.is_batch_running = false;
                if let Err(error) = result {
                    tracing::error!("a batch could not be scored: {error}");
                }
            }
            Ok(Done::Judged(key)) => {
                self.judging.remove(&key);
            }
            Err(error) => {
                // Which one it was is not known; when none is under way, none is busy.
                tracing::error!("scoring a trace panicked: {error}");
                if self.tasks.is_empty() {
                    self.is_batch_running = false;
                    self.judging.clear();
                }
            }
        }
    }

    fn quiet_ns(&self) -> i64 {
        i64::try_from(self.app.scoring.config.quiet.as_nanos()).unwrap_or(i64::MAX)
    }

    /// Reads the scorers that run and those of jobs, the changed ones anew.
    async fn plan(&mut self, running: &[RunningScorer], backfills: &[RunningBackfill]) -> StoreResult<()> {
        let mut scorers: Vec<ScorerVersion> = running.iter().map(|one| one.scorer.clone()).collect();
        let is_known = |id: &String| running.iter().any(|one| one.scorer.scorer_id == *id);
        let others: HashSet<String> = backfills.iter().map(|one| one.backfill.scorer_id.clone()).collect();
        let others: Vec<String> = others.into_iter().filter(|id| !is_known(id)).collect();
        if !others.is_empty() {
            scorers.extend(self.app.catalog.get_scorers_by_id(&others).await?);
        }
        self.plans.retain(|id, _| scorers.iter().any(|scorer| scorer.scorer_id == *id));
        for scorer in scorers {
            let is_same =
                self.plans.get(&scorer.scorer_id).is_some_and(|(version, _)| *version == scorer.version);
            if !is_same {
                let key = (scorer.scorer_id.clone(), scorer.version);
                self.plans.insert(key.0, (key.1, Plan::of(&self.app.scoring, scorer)));
            }
        }
        Ok(())
    }

    /// Notes traces that arrived; returns whether there are more.
    async fn note_arrivals(&self) -> StoreResult<bool> {
        for _ in 0..STEPS_MAX {
            let noted = self.app.catalog.note_arrivals(now_ns(), self.quiet_ns(), STEP_TRACES).await?;
            if noted < STEP_TRACES {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Queues scores of what settled; returns whether there is more.
    async fn settle(&mut self, running: &[RunningScorer], next_ns: &mut Option<i64>) -> StoreResult<bool> {
        let scorers: Vec<String> = running.iter().map(|one| one.scorer.scorer_id.clone()).collect();
        self.app.scoring.budget.load(&self.app, &scorers).await?;
        if self.full.0.is_none_or(|counted| counted.elapsed() >= COUNT_EVERY) {
            let statuses = self.app.catalog.scoring_status(&scorers, i64::MAX).await?;
            let full = statuses.into_iter().filter(|status| status.waiting >= WAITING_MAX);
            self.full = (Some(Instant::now()), full.map(|status| status.scorer_id).collect());
        }
        let settling =
            self.app.catalog.settle_traces(now_ns(), self.quiet_ns(), GIVE_UP_NS, STEP_TRACES).await?;
        if !settling.settled.is_empty() {
            let settled = self.decide(running, &settling.settled).await?;
            self.app.catalog.queue_scores(settled).await?;
        }
        *next_ns = settling.next_due_ns;
        Ok(settling.looked_at == STEP_TRACES)
    }

    /// Decides who scores what.
    async fn decide(&self, running: &[RunningScorer], traces: &[SettledTrace]) -> StoreResult<Settled> {
        let mut settled = Settled {
            places: traces.iter().map(|trace| trace.place).collect(),
            now_ns: now_ns(),
            ..Settled::default()
        };
        for one in running {
            let scorer = &one.scorer;
            let all: Vec<&SettledTrace> = traces
                .iter()
                .filter(|trace| trace.experiment_id == scorer.experiment_id && trace.place > one.after)
                .collect();
            let mut skip = |reason: &'static str, count: usize| {
                if count > 0 {
                    settled.skips.push((scorer.scorer_id.clone(), reason, count as u64));
                }
            };
            let (ended, open): (Vec<_>, Vec<_>) = all.into_iter().partition(|trace| trace.has_ended);
            skip("did not end within a day", open.len());
            let (sampled, rest): (Vec<_>, Vec<_>) = ended.into_iter().partition(|trace| {
                is_sampled(&scorer.scorer_id, &trace.trace_id.to_string(), one.sample_rate)
            });
            skip("not in the sample", rest.len());
            if sampled.is_empty() {
                continue;
            }
            if let Some(reason) = self.obstacle(scorer) {
                skip(reason, sampled.len());
                continue;
            }
            let wanted = match matching(&self.app, one, &sampled).await {
                Ok(wanted) => wanted,
                Err(error) if error.kind() == spanwise_model::ErrorKind::InvalidArgument => {
                    skip("the filter can't be read", sampled.len());
                    continue;
                }
                Err(error) => return Err(error),
            };
            skip("not of the filter", sampled.len() - wanted.len());
            settled.scores.extend(wanted.into_iter().map(|place| (scorer.scorer_id.clone(), place)));
        }
        Ok(settled)
    }

    /// Returns why nothing is queued for a scorer now.
    fn obstacle(&self, scorer: &ScorerVersion) -> Option<&'static str> {
        if self.full.1.contains(&scorer.scorer_id) {
            return Some("too many traces wait");
        }
        let (_, plan) = self.plans.get(&scorer.scorer_id)?;
        let way = match &plan.way {
            Ok(way) => way,
            Err(_) if plan.is_of_client => return Some("runs in the client"),
            Err(_) => return Some(NO_ENDPOINT),
        };
        let model = way.model.as_ref()?;
        let is_priced = judge::is_priced(&self.app, model, scorer.experiment_id);
        match self.app.scoring.budget.check(&self.app.scoring.config, &scorer.scorer_id, is_priced) {
            Err(Refusal::UntilTomorrow(reason) | Refusal::ForEver(reason)) => Some(reason),
            Err(Refusal::ForNow) | Ok(()) => None,
        }
    }

    /// Queues the next traces of a job; returns whether it can go on at once.
    async fn advance(&self, running: &RunningBackfill) -> StoreResult<bool> {
        let job = &running.backfill;
        if running.is_searched || running.waiting >= BACKFILL_WAITING_MAX {
            return Ok(false);
        }
        let Some((_, plan)) = self.plans.get(&job.scorer_id) else { return Ok(false) };
        if let Err(reason) = &plan.way {
            self.app.catalog.end_backfill(&job.backfill_id, BackfillState::Failed, Some(reason)).await?;
            return Ok(false);
        }
        let filter = match job.filter.as_deref().map(|text| parse_filter_at(text, job.created_ns)).transpose()
        {
            Ok(filter) => filter.filter(|filter| !filter.is_all()),
            Err(error) => {
                let reason = format!("the filter can't be read: {error}");
                self.app.catalog.end_backfill(&job.backfill_id, BackfillState::Failed, Some(&reason)).await?;
                return Ok(false);
            }
        };
        let seen = job.queued + job.skipped;
        let left = job.traces_max.map_or(u64::MAX, |max| max.saturating_sub(seen));
        let text = job.filter.as_deref().unwrap_or_default();
        let after =
            running.cursor.as_deref().and_then(|token| Cursor::from_token(token, BACKFILL, text).ok());
        let query = TraceQuery {
            experiments: vec![job.experiment_id],
            filter,
            order: vec![OrderBy { key: OrderKey::Start, descending: true }],
            limit: STEP_TRACES.min(usize::try_from(left).unwrap_or(usize::MAX).max(1)),
            after,
        };
        let page = self.app.store.find_traces(query).await?;
        let all = page.traces.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let is_wanted = |info: &&spanwise_model::TraceInfo| job.again || !has_scored(&plan.scorer, info);
        let traces: Vec<TraceId> =
            page.traces.iter().take(all).filter(is_wanted).map(|info| info.trace_id.clone()).collect();
        let is_last = page.next.is_none() || left <= all as u64;
        let step = BackfillStep {
            skipped: (all - traces.len()) as u64,
            traces,
            cursor: page.next.map(|cursor| cursor.to_token(BACKFILL, text)),
            is_last,
            now_ns: now_ns(),
        };
        self.app.catalog.advance_backfill(&job.backfill_id, step).await?;
        Ok(!is_last)
    }

    /// Starts what is due, as much as there is room for; returns how long to wait for servers that are left alone.
    async fn start_due(&mut self, next_ns: &mut Option<i64>) -> StoreResult<Duration> {
        let mut pause = SLEEP_MAX;
        let mut plain = Vec::new();
        let mut by_endpoint: HashMap<String, Vec<String>> = HashMap::new();
        for (id, (_, plan)) in &self.plans {
            match plan.way.as_ref().ok().and_then(|way| way.model.as_ref()) {
                Some(model) => by_endpoint.entry(model.endpoint.clone()).or_default().push(id.clone()),
                // One that can't run has its queue emptied with the reason.
                None => plain.push(id.clone()),
            }
        }
        if !self.is_batch_running && !plain.is_empty() {
            let due = self.app.catalog.due_scores(&plain, now_ns(), BATCH_SCORES).await?;
            earlier(next_ns, due.next_due_ns);
            if !due.scores.is_empty() {
                self.start_batch(due.scores);
            }
        }
        for (endpoint, mut scorers) in by_endpoint {
            self.app.scoring.budget.load(&self.app, &scorers).await?;
            let Some(caller) = self.app.scoring.callers.get(&endpoint).cloned() else { continue };
            let capped = self.end_capped(&scorers).await?;
            scorers.retain(|id| !capped.contains(id));
            match caller.free() {
                Err(wait) => pause = pause.min(wait),
                Ok(0) => {}
                Ok(free) => self.start_judges(&scorers, free, next_ns).await?,
            }
        }
        Ok(pause)
    }

    fn start_batch(&mut self, mut scores: Vec<QueuedScore>) {
        // Of several scorers those of the same trace come together.
        scores.truncate(BATCH_SCORES * 4);
        let app = self.app.clone();
        let plans: HashMap<String, Plan> =
            self.plans.iter().map(|(id, (_, plan))| (id.clone(), plan.clone())).collect();
        self.is_batch_running = true;
        self.tasks.spawn(async move {
            let scored = async {
                let ends = score_batch(&app, &plans, scores).await?;
                app.catalog.end_scores(ends).await
            };
            let result = scored.await;
            if result.is_err() {
                // Else the same batch would be tried again at once.
                tokio::time::sleep(STORE_PAUSE).await;
            }
            Done::Batch(result)
        });
    }

    /// Empties the queues of scorers that may spend no more, and returns these.
    async fn end_capped(&self, scorers: &[String]) -> StoreResult<HashSet<String>> {
        let mut capped = HashSet::new();
        for id in scorers {
            let Some((_, plan)) = self.plans.get(id) else { continue };
            let Some(model) = plan.way.as_ref().ok().and_then(|way| way.model.as_ref()) else { continue };
            let is_priced = judge::is_priced(&self.app, model, plan.scorer.experiment_id);
            let refusal = match self.app.scoring.budget.check(&self.app.scoring.config, id, is_priced) {
                Err(refusal @ (Refusal::UntilTomorrow(_) | Refusal::ForEver(_))) => refusal,
                Err(Refusal::ForNow) | Ok(()) => continue,
            };
            capped.insert(id.clone());
            let due = self.app.catalog.due_scores(std::slice::from_ref(id), now_ns(), BATCH_SCORES).await?;
            let idle = due.scores.iter().filter(|score| !self.judging.contains(&(id.clone(), score.place)));
            let ends: Vec<ScoreEnd> =
                idle.map(|score| end_unseen(score, refused(refusal, score.is_backfill))).collect();
            if !ends.is_empty() {
                self.app.catalog.end_scores(ends).await?;
                // There may be more.
                self.app.scoring.wake();
            }
        }
        Ok(capped)
    }

    async fn start_judges(
        &mut self,
        scorers: &[String],
        free: usize,
        next_ns: &mut Option<i64>,
    ) -> StoreResult<()> {
        let limit = free + self.judging.len();
        let due = self.app.catalog.due_scores(scorers, now_ns(), limit).await?;
        earlier(next_ns, due.next_due_ns.filter(|due_ns| *due_ns > now_ns()));
        let key = |score: &QueuedScore| (score.scorer_id.clone(), score.place);
        let idle = due.scores.into_iter().filter(|score| !self.judging.contains(&key(score)));
        let mut left = free;
        for score in idle.collect::<Vec<_>>() {
            if left == 0 {
                break;
            }
            let Some((_, plan)) = self.plans.get(&score.scorer_id) else { continue };
            let (app, plan) = (self.app.clone(), plan.clone());
            let Ok(way) = plan.way.clone() else { continue };
            let Some(model) = way.model.clone() else { continue };
            let is_priced = judge::is_priced(&app, &model, plan.scorer.experiment_id);
            // What may not be paid for now waits for the end of a call, which wakes the loop.
            if app.scoring.budget.begin(&app.scoring.config, &score.scorer_id, is_priced).is_err() {
                continue;
            }
            left -= 1;
            self.judging.insert(key(&score));
            let in_flight = InFlight::begin(&model.caller);
            self.tasks.spawn(judge_one(app, plan, way, model, score, in_flight));
        }
        Ok(())
    }
}

/// What page tokens of jobs begin their order with, so that no other list takes them.
const BACKFILL: &str = "backfill";

async fn judge_one(
    app: App,
    plan: Plan,
    way: Way,
    model: Model,
    score: QueuedScore,
    in_flight: InFlight,
) -> Done {
    judge_and_store(&app, &plan, &way, &model, &score).await;
    drop(in_flight);
    Done::Judged((score.scorer_id, score.place))
}

fn earlier(next_ns: &mut Option<i64>, due_ns: Option<i64>) {
    *next_ns = match (*next_ns, due_ns) {
        (Some(next), Some(due)) => Some(next.min(due)),
        (next, due) => next.or(due),
    };
}

/// Returns the places of those of these traces that a scorer's filter selects.
async fn matching(app: &App, one: &RunningScorer, traces: &[&SettledTrace]) -> StoreResult<Vec<i64>> {
    let Some(text) = &one.filter else { return Ok(traces.iter().map(|trace| trace.place).collect()) };
    let filter: Filter = parse_filter_at(text, now_ns())
        .map_err(|error| StoreError::invalid(format!("the filter of `{}`: {error}", one.scorer.name)))?;
    let ids: Vec<TraceId> = traces.iter().map(|trace| trace.trace_id.clone()).collect();
    let mut query = TraceQuery {
        experiments: vec![one.scorer.experiment_id],
        filter: Some(Expr::and(one_of(&ids).into_iter().chain([filter]).collect())),
        order: vec![OrderBy { key: OrderKey::Start, descending: true }],
        limit: ids.len(),
        after: None,
    };
    let mut found: HashSet<TraceId> = HashSet::new();
    loop {
        let page = app.store.find_traces(query.clone()).await?;
        found.extend(page.traces.into_iter().map(|info| info.trace_id));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    Ok(traces.iter().filter(|trace| found.contains(&trace.trace_id)).map(|trace| trace.place).collect())
}
