//! Scoring in the server: registered scorers run on traces once these have settled, and on stored ones.
//!
//! | where | what |
//! | --- | --- |
//! | `config` | where models are, and what may be spent |
//! | `plan` | what the server makes of a registered scorer: runs it, or says why not |
//! | `worker` | the one loop: notes arrivals, settles them, advances backfills, starts what is due |
//! | `run` | scores traces: those that need no model in batches, judges one by one |
//! | `view` | what a scorer sees of a trace |
//! | `judge`, `endpoint` | asks a model; the circuit, pauses and keys of its server |
//! | `budget` | what scorers spent and may spend |
//!
//! What is to be scored is in the store ([`spanwise_store::catalog::ScoringStore`]); nothing here is lost by a restart.

mod budget;
mod config;
mod endpoint;
mod judge;
mod plan;
mod run;
mod view;
mod worker;

pub use config::{ApiKey, DEFAULT_ENDPOINT, Endpoint, ScoringConfig};
pub(crate) use judge::Judged;
pub(crate) use plan::{Plan, Way};
pub(crate) use run::{Tried, try_on};
pub(crate) use worker::work;

use crate::App;
use budget::{Budget, Refusal};
use endpoint::Caller;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// Why an endpoint can't be used.
const NO_ENDPOINT: &str = "no endpoint configured";

/// What runs scorers.
#[derive(Debug)]
pub struct Scoring {
    config: ScoringConfig,
    callers: BTreeMap<String, Arc<Caller>>,
    budget: Budget,
    wake: Notify,
}

impl Scoring {
    /// Makes what runs scorers.
    pub fn new(config: ScoringConfig) -> Self {
        let callers = config
            .endpoints
            .iter()
            .map(|(name, endpoint)| (name.clone(), Arc::new(Caller::new(endpoint.clone()))))
            .collect();
        Scoring { config, callers, budget: Budget::default(), wake: Notify::new() }
    }

    /// Says that scorers or jobs changed.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Says that what a scorer may spend changed.
    pub(crate) fn forget_limits(&self, scorer_id: &str) {
        self.budget.forget(scorer_id);
        self.wake();
    }

    /// Returns why a scorer does not run now, or could not.
    pub(crate) fn obstacle(&self, app: &App, plan: &Plan) -> Option<String> {
        let way = match &plan.way {
            Ok(way) => way,
            Err(reason) => return Some(reason.clone()),
        };
        let model = way.model.as_ref()?;
        let is_priced = judge::is_priced(app, model, plan.scorer.experiment_id);
        match self.budget.check(&self.config, &plan.scorer.scorer_id, is_priced) {
            Err(Refusal::UntilTomorrow(reason) | Refusal::ForEver(reason)) => Some(reason.to_owned()),
            Err(Refusal::ForNow) | Ok(()) => model.caller.trouble(),
        }
    }

    /// Returns the names of the configured endpoints with their models, and what is wrong with them now.
    pub(crate) fn endpoints(&self) -> Vec<(String, Option<String>, Option<String>)> {
        let all = self.callers.iter();
        all.map(|(name, caller)| (name.clone(), caller.endpoint.model.clone(), caller.trouble())).collect()
    }
}
