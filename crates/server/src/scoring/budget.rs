//! What scorers spent and may spend.

use super::ScoringConfig;
use crate::App;
use crate::clock::now_ns;
use spanwise_store::StoreResult;
use spanwise_store::catalog::{ScoreSpend, ScoringLimits};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nanoseconds of a day.
pub(super) const DAY_NS: i64 = 86_400 * 1_000_000_000;
pub(super) const DAY_SPENT: &str = "the day's spend cap was reached";
pub(super) const ALL_SPENT: &str = "the spend cap was reached";
pub(super) const CALLS_MADE: &str = "the day's cap on calls was reached";

/// What the scorers spent, as far as they asked for a call since the server started: only it spends.
#[derive(Debug, Default)]
pub(super) struct Budget(Mutex<HashMap<String, Account>>);

#[derive(Debug, Clone, Copy)]
struct Account {
    limits: ScoringLimits,
    day: i64,
    usd_today: f64,
    calls_today: u64,
    usd_in_all: f64,
    /// Calls under way, and what one cost at most.
    in_flight: u64,
    dearest_usd: f64,
    /// Whether a call has told what one costs.
    is_known: bool,
}

/// What a call may not be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A cap was reached; on the next day it may be made.
    UntilTomorrow(&'static str),
    /// The cap of all days was reached.
    ForEver(&'static str),
    /// The calls under way may use up what is left.
    ForNow,
}

impl Budget {
    fn accounts(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self, scorer_id: &str) {
        // Calls under way go on being counted; only limits and sums are read again.
        self.accounts().remove(scorer_id);
    }

    /// Reads what is not known yet of these scorers.
    pub(super) async fn load(&self, app: &App, scorers: &[String]) -> StoreResult<()> {
        let missing: Vec<String> = {
            let accounts = self.accounts();
            scorers.iter().filter(|id| !accounts.contains_key(*id)).cloned().collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        let day = now_ns().div_euclid(DAY_NS);
        for status in app.catalog.scoring_status(&missing, day).await? {
            let today = status.days.last().map(|(_, counts)| counts.spend).unwrap_or_default();
            let account = Account {
                limits: status.limits,
                day,
                usd_today: today.usd,
                calls_today: today.calls,
                usd_in_all: status.total.spend.usd,
                in_flight: 0,
                dearest_usd: 0.0,
                is_known: false,
            };
            self.accounts().insert(status.scorer_id, account);
        }
        Ok(())
    }

    /// Says whether a scorer may make a call; `is_priced` says whether its cost will be known.
    pub(super) fn check(
        &self,
        config: &ScoringConfig,
        scorer_id: &str,
        is_priced: bool,
    ) -> Result<(), Refusal> {
        let mut accounts = self.accounts();
        let Some(account) = accounts.get_mut(scorer_id) else { return Ok(()) };
        account.turn_to(now_ns().div_euclid(DAY_NS));
        account.check(config, is_priced)
    }

    /// As [`Budget::check`], and counts the call as under way.
    pub(super) fn begin(
        &self,
        config: &ScoringConfig,
        scorer_id: &str,
        is_priced: bool,
    ) -> Result<(), Refusal> {
        self.check(config, scorer_id, is_priced)?;
        if let Some(account) = self.accounts().get_mut(scorer_id) {
            account.in_flight += 1;
        }
        Ok(())
    }

    /// Notes what a call cost.
    pub(super) fn end(&self, scorer_id: &str, spend: &ScoreSpend) {
        if let Some(account) = self.accounts().get_mut(scorer_id) {
            account.turn_to(now_ns().div_euclid(DAY_NS));
            account.in_flight = account.in_flight.saturating_sub(1);
            account.usd_today += spend.usd;
            account.usd_in_all += spend.usd;
            account.calls_today += spend.calls;
            account.dearest_usd = account.dearest_usd.max(spend.usd);
            account.is_known |= spend.calls > 0;
        }
    }
}

impl Account {
    fn turn_to(&mut self, day: i64) {
        if self.day != day {
            (self.day, self.usd_today, self.calls_today) = (day, 0.0, 0);
        }
    }

    fn check(&self, config: &ScoringConfig, is_priced: bool) -> Result<(), Refusal> {
        let calls_max = self.limits.calls_per_day.or((!is_priced).then_some(config.unpriced_calls));
        if let Some(max) = calls_max {
            if self.calls_today >= max {
                return Err(Refusal::UntilTomorrow(CALLS_MADE));
            }
            if self.calls_today + self.in_flight >= max {
                return Err(Refusal::ForNow);
            }
        }
        let caps = [
            (self.limits.usd_in_all, self.usd_in_all, Refusal::ForEver(ALL_SPENT)),
            (
                self.limits.usd_per_day.or(config.daily_cap_usd),
                self.usd_today,
                Refusal::UntilTomorrow(DAY_SPENT),
            ),
        ];
        for (max, spent, refusal) in caps {
            let Some(max) = max else { continue };
            if spent >= max {
                return Err(refusal);
            }
            // What a call costs is known once there was one; until then they go one by one.
            let expected = self.dearest_usd * self.in_flight as f64;
            let is_unknown = is_priced && !self.is_known;
            if self.in_flight > 0 && (is_unknown || spent + expected >= max) {
                return Err(Refusal::ForNow);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(limits: ScoringLimits) -> Budget {
        let account = Account {
            limits,
            day: now_ns().div_euclid(DAY_NS),
            usd_today: 0.0,
            calls_today: 0,
            usd_in_all: 0.0,
            in_flight: 0,
            dearest_usd: 0.0,
            is_known: false,
        };
        Budget(Mutex::new(HashMap::from([("s".to_owned(), account)])))
    }

    fn spend(usd: f64) -> ScoreSpend {
        ScoreSpend { calls: 1, usd, ..ScoreSpend::default() }
    }

    #[test]
    fn calls_go_on_until_the_cap_and_not_beyond_what_is_under_way() {
        let config = ScoringConfig::default();
        let budget = budget(ScoringLimits { usd_per_day: Some(1.0), ..ScoringLimits::default() });
        assert_eq!(budget.begin(&config, "s", true), Ok(()));
        assert_eq!(budget.begin(&config, "s", true), Err(Refusal::ForNow), "the first call goes alone");
        budget.end("s", &spend(0.4));
        assert_eq!(budget.begin(&config, "s", true), Ok(()));
        assert_eq!(budget.begin(&config, "s", true), Ok(()));
        assert_eq!(budget.begin(&config, "s", true), Err(Refusal::ForNow));
        budget.end("s", &spend(0.4));
        budget.end("s", &spend(0.4));
        assert_eq!(budget.begin(&config, "s", true), Err(Refusal::UntilTomorrow(DAY_SPENT)));
    }

    #[test]
    fn what_has_no_price_is_capped_by_calls() {
        let config = ScoringConfig { unpriced_calls: 2, ..ScoringConfig::default() };
        let budget = budget(ScoringLimits::default());
        for _ in 0..2 {
            assert_eq!(budget.begin(&config, "s", false), Ok(()));
        }
        assert_eq!(budget.begin(&config, "s", false), Err(Refusal::ForNow));
        budget.end("s", &spend(0.0));
        budget.end("s", &spend(0.0));
        assert_eq!(budget.check(&config, "s", false), Err(Refusal::UntilTomorrow(CALLS_MADE)));
    }
}
