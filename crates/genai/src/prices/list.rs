//! A list of prices: our own format, and the rows by name.
//!
//! A list is lines of JSON. The first says what it is, each other one is the prices of one model at one provider, in
//! US dollars a million tokens:
//!
//! ```text
//! {"format":"spanwise-prices/1","date":"2026-11-26","source":"our contract of 2026"}
//! {"provider":"openai","model":"gpt-4o","input":2.5,"output":10,"cache_read":1.25,"services":{"batch":{"input":1.25}}}
//! {"provider":"openai","model":"gpt-sol-latest","alias_of":"gpt-6.1-sol"}
//! ```

use super::litellm;
use super::name::{undated, without_date};
use super::provider::canonical;
use super::rates::{PriceError, Prices};
use foldhash::fast::RandomState;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

/// `prices.jsonl`, whose first line has its date and source, packed to a fourteenth for the sake of the binary
/// (`make pack-prices`; a test compares the two).
const BUILT_IN: &[u8] = include_bytes!("../../data/prices.jsonl.zst");
/// Bytes that it may unpack to.
const BUILT_IN_BYTES_MAX: usize = 4 << 20;
/// What the first line of a list says.
const FORMAT: &str = "spanwise-prices/1";
/// Rows that a list may have.
pub const LIST_ROWS_MAX: usize = 50_000;
/// Characters of a provider's or model's name in a list.
pub const NAME_CHARS_MAX: usize = 256;
/// Characters of what a list says of itself.
const HEAD_CHARS_MAX: usize = 1_000;
/// Bad rows of a list that are named.
pub const PROBLEMS_MAX: usize = 100;

/// Where prices come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The list that is built in.
    BuiltIn,
    /// A list that the server was updated with.
    Updated,
    /// An override for all experiments.
    Override,
    /// An override of one experiment.
    ExperimentOverride,
    /// A rule: a variant of a model that costs nothing.
    Rule,
}

impl Origin {
    /// Returns its name in the API.
    pub fn as_str(&self) -> &'static str {
        match self {
            Origin::BuiltIn => "built_in",
            Origin::Updated => "updated",
            Origin::Override => "override",
            Origin::ExperimentOverride => "experiment_override",
            Origin::Rule => "rule",
        }
    }
}

/// The prices of a model at a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The provider, as the list calls it; empty for any.
    pub provider: Box<str>,
    /// The model, as the list spells it.
    pub model: Box<str>,
    /// The model whose prices these are, if the row is another name of it.
    pub alias_of: Option<Box<str>>,
    /// Its prices.
    pub prices: Arc<Prices>,
    /// Which list the row is in.
    pub origin: Origin,
}

/// What a list says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListInfo {
    /// The day of its prices, `YYYY-MM-DD`; empty if it doesn't say.
    pub date: String,
    /// Where they are from; empty if it doesn't say.
    pub source: String,
    /// How many rows it has.
    pub rows: usize,
}

/// A row that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// The number of its line, from 1, or the key of its entry.
    pub row: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// The rows of a list, as they are read.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) info: ListInfo,
    pub(crate) rows: Vec<Row>,
    pub(crate) aliases: Vec<(Box<str>, Box<str>, Box<str>)>,
    pub(crate) problems: Vec<RowProblem>,
    pub(crate) problem_count: usize,
    /// Entries that price no tokens: by the second, the picture, the page.
    pub(crate) without_token_price: usize,
    /// Providers and models that have a row.
    seen: HashSet<(Box<str>, Box<str>)>,
}

impl Draft {
    pub(crate) fn problem(&mut self, row: impl Into<String>, message: impl Into<String>) {
        self.problem_count += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(RowProblem { row: row.into(), message: message.into() });
        }
    }

    /// Takes a row, and says whether it is the first of its provider and model.
    pub(crate) fn take(&mut self, row: Row) -> bool {
        let is_first = self.seen.insert((row.provider.clone(), row.model.to_lowercase().into()));
        if is_first {
            self.rows.push(row);
        }
        is_first
    }

    /// Makes rows of the aliases whose models are there.
    pub(crate) fn resolve_aliases(&mut self, origin: &Origin) {
        for (provider, model, of) in std::mem::take(&mut self.aliases) {
            let target = self.rows.iter().find(|row| row.provider == provider && row.model == of);
            let Some(prices) = target.map(|row| Arc::clone(&row.prices)) else {
                self.problem(format!("{provider}/{model}"), format!("the list has no `{of}` of {provider}"));
                continue;
            };
            self.take(Row { provider, model, alias_of: Some(of), prices, origin: origin.clone() });
        }
    }
}

/// A list that was read from a file.
#[derive(Debug)]
pub struct ReadList {
    /// The list over the one that is built in.
    pub list: Arc<PriceList>,
    /// What the file says of itself; `rows` are those that were taken.
    pub info: ListInfo,
    /// The file in our own format, with what was taken.
    pub text: String,
    /// The first of the rows that were not taken.
    pub problems: Vec<RowProblem>,
    /// How many were not.
    pub problem_count: usize,
    /// Entries that were left out since they price no tokens.
    pub without_token_price: usize,
}

/// Prices of many models.
#[derive(Debug, Clone)]
pub struct PriceList {
    rows: Vec<Arc<Row>>,
    /// Rows by the lower-case name of their model; those of makers come first.
    names: HashMap<Box<str>, Vec<u32>, RandomState>,
    /// For each provider and name without a date, the newest row that has one.
    newest: HashMap<(Box<str>, Box<str>), u32, RandomState>,
    providers: HashSet<Box<str>, RandomState>,
    /// What the built-in list says of itself.
    built_in: ListInfo,
    /// What the list that the server was updated with says of itself.
    updated: Option<ListInfo>,
}

impl PriceList {
    /// Returns the list that is built in, read once.
    pub fn built_in() -> Arc<PriceList> {
        static LIST: OnceLock<Arc<PriceList>> = OnceLock::new();
        Arc::clone(LIST.get_or_init(|| {
            // Without it every cost would silently be unknown; a test unpacks and reads what is built in.
            let packed = zstd::bulk::decompress(BUILT_IN, BUILT_IN_BYTES_MAX);
            let text = String::from_utf8(packed.expect("the built-in list unpacks")).expect("it is text");
            let draft = read_own(&text, &Origin::BuiltIn).expect("the built-in list is in our format");
            let mut list = PriceList::empty(ListInfo { rows: draft.rows.len(), ..draft.info });
            list.add(draft.rows);
            Arc::new(list)
        }))
    }

    /// Reads a list, in our own format or in that of litellm's `model_prices_and_context_window.json`; its rows go over
    /// those that are built in. A bad row costs that row.
    ///
    /// `today` is the date of a list that has none.
    ///
    /// # Errors
    /// A text that is no list, has no good row, or more than [`LIST_ROWS_MAX`].
    pub fn read(text: &str, today: &str, source: &str) -> Result<ReadList, PriceError> {
        let draft = if is_own(text) {
            read_own(text, &Origin::Updated)?
        } else {
            litellm::read(text, &Origin::Updated)?
        };
        if draft.rows.is_empty() {
            let first = draft.problems.first();
            let first =
                first.map_or(String::new(), |problem| format!("; {}: {}", problem.row, problem.message));
            return Err(PriceError::new(format!("the list has no row that prices tokens{first}")));
        }
        let Draft { info, rows, problems, problem_count, without_token_price, .. } = draft;
        let or = |own: String, other: &str| if own.is_empty() { other.to_owned() } else { own };
        let info = ListInfo { date: or(info.date, today), source: or(info.source, source), rows: rows.len() };
        let text = write_own(&info, &rows);
        let mut list = (*PriceList::built_in()).clone();
        list.updated = Some(info.clone());
        list.add(rows);
        Ok(ReadList { list: Arc::new(list), info, text, problems, problem_count, without_token_price })
    }

    /// Returns what the built-in list says of itself.
    pub fn built_in_info(&self) -> &ListInfo {
        &self.built_in
    }

    /// Returns what the list says of itself that the server was updated with.
    pub fn updated_info(&self) -> Option<&ListInfo> {
        self.updated.as_ref()
    }

    /// Returns the date of the list that a row of that origin is in.
    pub fn date_of(&self, origin: &Origin) -> Option<&str> {
        match origin {
            Origin::BuiltIn => Some(&self.built_in.date),
            Origin::Updated => self.updated.as_ref().map(|info| info.date.as_str()),
            _ => None,
        }
    }

    /// Returns all rows, as lists have them.
    pub fn rows(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.rows.iter()
    }

    /// Returns the rows of a model, of all providers.
    pub(crate) fn of_name(&self, name: &str) -> impl Iterator<Item = &Arc<Row>> {
        self.names.get(name).into_iter().flatten().map(|&at| &self.rows[at as usize])
    }

    /// Returns whether the list has models of a provider.
    pub(crate) fn has_provider(&self, provider: &str) -> bool {
        self.providers.contains(provider)
    }

    /// Returns the row of a model at a provider.
    pub(crate) fn of_provider(&self, provider: &str, name: &str) -> Option<&Arc<Row>> {
        self.of_name(name).find(|row| *row.provider == *provider)
    }

    /// Returns the newest dated row of a model without a date at a provider.
    pub(crate) fn newest(&self, provider: &str, name: &str) -> Option<&Arc<Row>> {
        let at = self.newest.get(&(provider.into(), name.into()))?;
        Some(&self.rows[*at as usize])
    }

    fn empty(built_in: ListInfo) -> PriceList {
        PriceList {
            rows: Vec::new(),
            names: HashMap::default(),
            newest: HashMap::default(),
            providers: HashSet::default(),
            built_in,
            updated: None,
        }
    }

    /// Adds rows; one that is there is replaced.
    fn add(&mut self, rows: Vec<Row>) {
        for row in rows {
            let name = row.model.to_lowercase().into_boxed_str();
            self.providers.insert(row.provider.clone());
            let places = self.names.entry(name.clone()).or_default();
            let there = places.iter().find(|&&at| self.rows[at as usize].provider == row.provider).copied();
            let at = there.unwrap_or(self.rows.len() as u32);
            let provider = row.provider.clone();
            match there {
                Some(at) => self.rows[at as usize] = Arc::new(row),
                None => {
                    places.push(at);
                    self.rows.push(Arc::new(row));
                }
            }
            self.note_date(provider, &name, at);
        }
    }

    fn note_date(&mut self, provider: Box<str>, name: &str, at: u32) {
        let Some(base) = undated(name) else { return };
        let key = (provider, base.into());
        let is_newer = self.newest.get(&key).is_none_or(|&other| *self.rows[other as usize].model < *name);
        if is_newer && without_date(name).is_some() {
            self.newest.insert(key, at);
        }
    }
}

fn is_own(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    serde_json::from_str::<Value>(first).is_ok_and(|head| head.get("format").is_some())
}

fn read_own(text: &str, origin: &Origin) -> Result<Draft, PriceError> {
    let mut draft = Draft::default();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (at, (index, line)) in lines.enumerate() {
        if at == 0 {
            draft.info = read_head(line)?;
        } else if at > LIST_ROWS_MAX {
            return Err(PriceError::new(format!("the list has more than {LIST_ROWS_MAX} rows")));
        } else if let Err(error) = read_row(line, origin, &mut draft) {
            draft.problem(format!("line {}", index + 1), error.to_string());
        }
    }
    draft.resolve_aliases(origin);
    Ok(draft)
}

fn read_head(line: &str) -> Result<ListInfo, PriceError> {
    let head: Value =
        serde_json::from_str(line).map_err(|error| PriceError::new(format!("line 1: {error}")))?;
    let text = |key: &str| head[key].as_str().unwrap_or_default().to_owned();
    let (format, date, source) = (text("format"), text("date"), text("source"));
    if format != FORMAT {
        return Err(PriceError::new(format!("the list is in format `{format}`; expected `{FORMAT}`")));
    }
    for (key, text) in [("date", &date), ("source", &source)] {
        if text.chars().count() > HEAD_CHARS_MAX {
            return Err(PriceError::new(format!(
                "line 1: `{key}` has more than {HEAD_CHARS_MAX} characters"
            )));
        }
    }
    Ok(ListInfo { date, source, rows: 0 })
}

fn read_row(line: &str, origin: &Origin, draft: &mut Draft) -> Result<(), PriceError> {
    let mut map: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| PriceError::new(format!("is no JSON object: {error}")))?;
    let provider = take_name(&mut map, "provider")?;
    let provider: Box<str> = canonical(&provider).into();
    let model = take_name(&mut map, "model")?;
    if map.contains_key("alias_of") {
        let of = take_name(&mut map, "alias_of")?;
        draft.aliases.push((provider, model.into(), of.into()));
        return Ok(());
    }
    let prices = Arc::new(Prices::from_json(&map)?);
    let row = Row { provider, model: model.as_str().into(), alias_of: None, prices, origin: origin.clone() };
    match draft.take(row) {
        true => Ok(()),
        false => Err(PriceError::new(format!("`{model}` is in the list already"))),
    }
}

fn take_name(map: &mut Map<String, Value>, key: &str) -> Result<String, PriceError> {
    let name = map.remove(key);
    let name = name.as_ref().and_then(Value::as_str).map(str::trim).unwrap_or_default();
    check_name(key, name)?;
    Ok(name.to_owned())
}

/// Checks the name of a provider or a model.
///
/// # Errors
/// It is empty, or longer than [`NAME_CHARS_MAX`].
pub fn check_name(key: &str, name: &str) -> Result<(), PriceError> {
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(PriceError::new(format!("`{key}` must be a name of 1 to {NAME_CHARS_MAX} characters")));
    }
    Ok(())
}

fn write_own(info: &ListInfo, rows: &[Row]) -> String {
    let head = serde_json::json!({"format": FORMAT, "date": info.date, "source": info.source});
    let mut text = format!("{head}\n");
    for row in rows {
        let mut map = Map::new();
        map.insert("provider".into(), (*row.provider).into());
        map.insert("model".into(), (*row.model).into());
        match &row.alias_of {
            Some(of) => drop(map.insert("alias_of".into(), (**of).into())),
            None => map.extend(row.prices.to_json()),
        }
        text.push_str(&Value::from(map).to_string());
        text.push('\n');
    }
    text
}
