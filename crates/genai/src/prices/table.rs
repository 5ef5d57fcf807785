//! Prices as one experiment sees them, and how a model is found among them.

use super::book::Override;
use super::charge::{Charge, UsageDetails, charge, choose};
use super::list::{Origin, PriceList, Row};
use super::name::{Candidate, Candidates, Rule, Unknown, candidates};
use super::provider::{is_gateway, is_maker, makers, sibling};
use super::rates::Prices;
use foldhash::fast::RandomState;
use spanwise_model::{Cost, TokenUsage};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use xxhash_rust::xxh3::Xxh3;

/// Models whose rows are remembered; when there are more, all are forgotten.
const REMEMBERED_MAX: usize = 4096;

/// A list of prices with what overrides it.
#[derive(Debug)]
pub struct PriceTable {
    list: Arc<PriceList>,
    /// The overrides in order of precedence.
    layers: Vec<Arc<Layer>>,
    /// The rows of models by a hash of provider and model, since looking for a name takes many steps.
    remembered: RwLock<HashMap<u128, Option<Arc<Row>>, RandomState>>,
}

/// Overrides of one precedence, by the lower-case name of their model.
#[derive(Debug, Default)]
pub(crate) struct Layer(HashMap<Box<str>, Vec<Arc<Row>>, RandomState>);

impl Layer {
    pub(crate) fn add(&mut self, entry: &Override) {
        let rows = self.0.entry(entry.row.model.to_lowercase().into()).or_default();
        rows.push(Arc::clone(&entry.row));
        // One for the provider says more than one for any.
        rows.sort_by_key(|row| row.provider.is_empty());
    }

    fn find(&self, candidate: &Candidate) -> Option<&Arc<Row>> {
        self.0
            .get(candidate.name.as_str())?
            .iter()
            .find(|row| row.provider.is_empty() || candidate.provider.as_deref() == Some(&*row.provider))
    }

    fn has_provider(&self, provider: &str) -> bool {
        self.0.values().flatten().any(|row| *row.provider == *provider)
    }
}

/// How a model was found, or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The names that were looked for, in order; the last one was found, if any was.
    pub steps: Vec<MatchStep>,
    /// Its prices, or why there are none.
    pub row: Result<Arc<Row>, Unknown>,
}

/// One name that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchStep {
    /// What was done to get the name.
    pub rule: Rule,
    /// The provider whose prices were looked at; `None` for those of any.
    pub provider: Option<String>,
    /// The name, in lower case.
    pub name: String,
    /// Whether it was found.
    pub found: bool,
}

/// What a request costs, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Priced {
    /// The sums.
    pub cost: Cost,
    /// Tokens and price of each kind that was used, input before output.
    pub charges: Vec<Charge>,
    /// The service whose prices were taken, if not the standard one.
    pub service: Option<String>,
    /// The number of input tokens above which these prices hold, if they are for large requests.
    pub above: Option<u64>,
}

impl PriceTable {
    /// Makes a table of a list without overrides.
    pub fn of_list(list: Arc<PriceList>) -> Self {
        PriceTable::new(list, Vec::new())
    }

    /// Makes a table of a list; of its overrides the first layer that has a model wins.
    pub(crate) fn new(list: Arc<PriceList>, layers: Vec<Arc<Layer>>) -> Self {
        PriceTable { list, layers, remembered: RwLock::default() }
    }

    /// Returns the table of the built-in list.
    pub fn built_in() -> &'static PriceTable {
        static TABLE: OnceLock<PriceTable> = OnceLock::new();
        TABLE.get_or_init(|| PriceTable::of_list(PriceList::built_in()))
    }

    /// Returns the list under the overrides.
    pub fn list(&self) -> &Arc<PriceList> {
        &self.list
    }

    /// Returns what `usage` of `model` costs; `None` if the model is unknown or no tokens were used.
    pub fn price(
        &self,
        provider: Option<&str>,
        model: &str,
        usage: &TokenUsage,
        details: &UsageDetails<'_>,
    ) -> Option<Cost> {
        if has_no_tokens(usage) {
            return None;
        }
        let cost = |row: &Row| charge(&choose(&row.prices, usage, details), usage, details).cost();
        let key = key_of(provider, model);
        let remembered = self.remembered.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = remembered.get(&key) {
            return row.as_deref().map(cost);
        }
        drop(remembered);
        let row = self.find(provider, model).row.ok();
        self.remember(key, row.clone());
        row.as_deref().map(cost)
    }

    fn remember(&self, key: u128, row: Option<Arc<Row>>) {
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(key, row);
    }

    /// Returns what `usage` costs at the prices of a row, and how that comes about; `None` if no tokens were used.
    pub fn explain(row: &Row, usage: &TokenUsage, details: &UsageDetails<'_>) -> Option<Priced> {
        if has_no_tokens(usage) {
            return None;
        }
        let chosen = choose(&row.prices, usage, details);
        let charges = charge(&chosen, usage, details);
        let used = charges.input.iter().chain(&charges.output).filter(|charge| charge.tokens > 0);
        Some(Priced {
            cost: charges.cost(),
            charges: used.copied().collect(),
            service: chosen.service().map(str::to_owned),
            above: chosen.above(),
        })
    }

    /// Finds the prices of a model, and tells each step.
    ///
    /// Overrides are asked first, then the list for the provider as far as one is known, then for the other name of that
    /// provider, and at last, unless a host with prices of its own served the model, for its maker.
    pub fn find(&self, provider: Option<&str>, model: &str) -> Match {
        let names = candidates(provider, model, |provider| self.knows(provider));
        let mut search = Search { table: self, steps: Vec::new() };
        let row = search.overridden(&names).map_or_else(|| search.listed(&names), Ok);
        Match { steps: search.steps, row }
    }

    fn knows(&self, provider: &str) -> bool {
        self.list.has_provider(provider) || self.layers.iter().any(|layer| layer.has_provider(provider))
    }
}

fn has_no_tokens(usage: &TokenUsage) -> bool {
    usage.input == 0 && usage.output == 0
}

fn key_of(provider: Option<&str>, model: &str) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(provider.unwrap_or_default().as_bytes());
    hasher.update(&[u8::from(provider.is_some())]);
    hasher.update(model.as_bytes());
    hasher.digest128()
}

struct Search<'a> {
    table: &'a PriceTable,
    steps: Vec<MatchStep>,
}

impl Search<'_> {
    fn overridden(&mut self, names: &Candidates) -> Option<Arc<Row>> {
        for layer in &self.table.layers {
            let found = names.all.iter().enumerate();
            let found =
                found.filter_map(|(at, candidate)| Some((at, Arc::clone(layer.find(candidate)?)))).next();
            if let Some((at, row)) = found {
                self.note_all(&names.all[..=at]);
                return Some(row);
            }
        }
        None
    }

    fn listed(&mut self, names: &Candidates) -> Result<Arc<Row>, Unknown> {
        if let Some(row) = self.at_provider(names) {
            return Ok(row);
        }
        if let Some(refused) = names.refused {
            return Err(refused);
        }
        if names.is_free {
            return Ok(self.free(names));
        }
        self.at_sibling(names).or_else(|| self.at_maker(names)).ok_or(Unknown::NotListed)
    }

    fn at_provider(&mut self, names: &Candidates) -> Option<Arc<Row>> {
        let list = &self.table.list;
        let mut newest = None;
        for candidate in &names.all {
            let provider = candidate.provider.as_deref();
            let row = provider.and_then(|provider| list.of_provider(provider, &candidate.name));
            self.note(candidate, row.is_some());
            if let Some(row) = row {
                return Some(self.with_alias(row));
            }
            let dated = provider.and_then(|provider| list.newest(provider, &candidate.name));
            newest = newest.or(dated.map(|row| (candidate, row)));
        }
        let (candidate, row) = newest?;
        Some(self.take(Rule::Newest, candidate.provider.as_deref(), row))
    }

    fn at_sibling(&mut self, names: &Candidates) -> Option<Arc<Row>> {
        let list = &self.table.list;
        names.all.iter().find_map(|candidate| {
            let sibling = sibling(candidate.provider.as_deref()?)?;
            let row = list.of_provider(sibling, &candidate.name)?;
            Some(self.take(Rule::Sibling, Some(sibling), row))
        })
    }

    fn at_maker(&mut self, names: &Candidates) -> Option<Arc<Row>> {
        // Whoever else has prices of his own does not sell at the maker's.
        let provider = names.all.last()?.provider.as_deref();
        if provider.is_some_and(|provider| !is_maker(provider) && !is_gateway(provider)) {
            return None;
        }
        let list = &self.table.list;
        let of = |candidate: &Candidate| {
            let name = candidate.name.as_str();
            let (maker, row) = makers().find_map(|maker| Some((maker, list.of_provider(maker, name)?)))?;
            Some((maker, row))
        };
        if let Some((maker, row)) = names.all.iter().find_map(of) {
            return Some(self.take(Rule::Maker, Some(maker), row));
        }
        let newest = |candidate: &Candidate| {
            makers().find_map(|maker| Some((maker, list.newest(maker, &candidate.name)?)))
        };
        let (maker, row) = names.all.iter().find_map(newest)?;
        Some(self.take(Rule::Newest, Some(maker), row))
    }

    fn free(&mut self, names: &Candidates) -> Arc<Row> {
        let name = names.all.last().map_or("", |candidate| candidate.name.as_str());
        let row = Row {
            provider: "openrouter".into(),
            model: name.into(),
            alias_of: None,
            prices: Arc::new(Prices::free()),
            origin: Origin::Rule,
        };
        self.take(Rule::Free, Some("openrouter"), &Arc::new(row))
    }

    fn take(&mut self, rule: Rule, provider: Option<&str>, row: &Arc<Row>) -> Arc<Row> {
        self.steps.push(MatchStep {
            rule,
            provider: provider.map(str::to_owned),
            name: row.model.to_lowercase(),
            found: true,
        });
        self.with_alias(row)
    }

    fn with_alias(&mut self, row: &Arc<Row>) -> Arc<Row> {
        if let Some(of) = &row.alias_of {
            let provider = Some(row.provider.to_string());
            self.steps.push(MatchStep { rule: Rule::Alias, provider, name: of.to_lowercase(), found: true });
        }
        Arc::clone(row)
    }

    fn note(&mut self, candidate: &Candidate, found: bool) {
        let Candidate { rule, provider, name } = candidate.clone();
        self.steps.push(MatchStep { rule, provider, name, found });
    }

    /// Notes several names, of which the last was found.
    fn note_all(&mut self, candidates: &[Candidate]) {
        for (at, candidate) in candidates.iter().enumerate() {
            self.note(candidate, at + 1 == candidates.len());
        }
    }
}
