//! The table itself: who may change it, and what a reader gets.

use super::change::{Change, TableChanges};
use super::chunk::{Chunk, ResourceCode, place};
use super::dictionary::{Code, Dictionary, Texts, Used};
use super::summary::{Field, Summary, TextsByTrace};
use crate::error::{damaged, sql_error};
use crate::postings::TraceSet;
use rusqlite::{Connection, OptionalExtension};
use spanwise_store::StoreResult;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Fields that have a column: tags of more keys are looked up in the index.
const FIELDS_MAX: usize = 1_000;
/// Bytes of all texts that are kept.
const TEXT_BYTES_MAX: usize = 64 << 20;
/// Resources whose tags are kept.
pub(crate) const RESOURCES_MAX: usize = 16_384;
/// The code of a resource whose tags are not kept.
pub(crate) const UNKNOWN_RESOURCE: ResourceCode = ResourceCode::MAX;

/// The number of field [`Field::Name`].
pub(crate) const NAME: u16 = 0;
/// The number of field [`Field::Session`].
pub(crate) const SESSION: u16 = 1;
/// The number of field [`Field::User`].
pub(crate) const USER: u16 = 2;
/// The number of field [`Field::ClientRequestId`].
pub(crate) const CLIENT_REQUEST_ID: u16 = 3;

/// Tags that a resource gives to its traces.
pub(crate) type ResourceTags = BTreeMap<String, String>;

/// The columns of all traces that can be seen.
pub(crate) struct TraceTable {
    state: RwLock<State>,
    /// Whether loading has ended, and how; the bell rings when it does.
    outcome: (Mutex<Option<Outcome>>, Condvar),
}

/// How loading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Loaded,
    /// It was not begun, failed, or was stopped: nothing is held.
    GivenUp,
}

struct State {
    /// In order of their numbers; none is empty.
    chunks: Vec<(i64, Arc<Chunk>)>,
    fields: Arc<HashMap<Field, u16>>,
    dictionaries: Vec<Dictionary>,
    text_bytes: usize,
    resources: Arc<Vec<Arc<ResourceTags>>>,
    resource_codes: HashMap<i64, ResourceCode>,
    /// `None` once all traces are here.
    loading: Option<Loading>,
}

/// What was written since loading began: what the loader read of these may be older.
#[derive(Default)]
struct Loading {
    rows: TraceSet,
    texts: TraceSet,
}

/// The table at one moment.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) chunks: Vec<(i64, Arc<Chunk>)>,
    fields: Arc<HashMap<Field, u16>>,
    texts: Vec<Arc<Texts>>,
    pub(crate) resources: Arc<Vec<Arc<ResourceTags>>>,
}

impl Snapshot {
    /// Returns the number of a field that some trace has (or had) a text in.
    pub(crate) fn field(&self, field: &Field) -> Option<u16> {
        self.fields.get(field).copied()
    }

    /// Returns the place of a trace's chunk, and its row there.
    pub(crate) fn find(&self, trace_key: i64) -> Option<(usize, usize)> {
        let (number, row) = place(trace_key);
        let at = self.chunks.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some((at, row))
    }

    /// Returns the chunk of that number.
    pub(crate) fn chunk(&self, number: i64) -> Option<&Arc<Chunk>> {
        let at = self.chunks.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some(&self.chunks[at].1)
    }

    /// Returns the fields that there are.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&Field, u16)> {
        self.fields.iter().map(|(field, number)| (field, *number))
    }

    /// Returns the texts of a field.
    pub(crate) fn texts(&self, field: u16) -> &Arc<Texts> {
        &self.texts[usize::from(field)]
    }
}

impl TraceTable {
    /// Makes a table that is to be loaded, or one that never will be and holds nothing.
    pub(crate) fn new(is_used: bool) -> TraceTable {
        let mut state = State {
            chunks: Vec::new(),
            fields: Arc::default(),
            dictionaries: Vec::new(),
            text_bytes: 0,
            resources: Arc::default(),
            resource_codes: HashMap::new(),
            loading: Some(Loading::default()),
        };
        for (field, number) in [
            (Field::Name, NAME),
            (Field::Session, SESSION),
            (Field::User, USER),
            (Field::ClientRequestId, CLIENT_REQUEST_ID),
        ] {
            let given = state.field(&field);
            debug_assert_eq!(given, Some(number));
        }
        let outcome = if is_used { None } else { Some(Outcome::GivenUp) };
        TraceTable { state: RwLock::new(state), outcome: (Mutex::new(outcome), Condvar::new()) }
    }

    /// Returns the table as it is, or `None` while it is being loaded.
    pub(crate) fn snapshot(&self) -> Option<Snapshot> {
        let state = self.read();
        state.loading.is_none().then(|| Snapshot {
            chunks: state.chunks.clone(),
            fields: Arc::clone(&state.fields),
            texts: state.dictionaries.iter().map(|dictionary| Arc::clone(&dictionary.texts)).collect(),
            resources: Arc::clone(&state.resources),
        })
    }

    /// Begins to note what a group changes.
    pub(crate) fn begin_changes(&self) -> TableChanges {
        let outcome = self.outcome();
        TableChanges {
            list: Vec::new(),
            is_used: outcome != Some(Outcome::GivenUp),
            is_loaded: outcome == Some(Outcome::Loaded),
        }
    }

    /// Takes over what a group changed, after it was committed; `conn` is outside of any transaction.
    pub(crate) fn apply(&self, conn: &Connection, changes: TableChanges) {
        if changes.list.is_empty() {
            return;
        }
        let resources = changes.list.iter().filter_map(|change| match change {
            Change::Row(summary) | Change::Added(summary, _) | Change::Whole(summary, _) => {
                summary.resource_id
            }
            Change::Deleted(_) => None,
        });
        let resources = self.load_resources(conn, resources);
        let mut state = self.write();
        state.add_resources(resources);
        for change in changes.list {
            state.apply(change);
        }
        if state.loading.is_none() {
            state.sweep();
        }
    }

    /// Takes over what the loader read, but for what was written since loading began.
    pub(super) fn fill(&self, conn: &Connection, rows: Vec<Summary>, mut texts: TextsByTrace) {
        let resources = self.load_resources(conn, rows.iter().filter_map(|row| row.resource_id));
        let mut state = self.write();
        state.add_resources(resources);
        for summary in rows {
            let trace_key = summary.trace_key;
            let texts = texts.remove(&trace_key).unwrap_or_default();
            let Some(loading) = &state.loading else { return };
            let (has_row, has_texts) = (loading.rows.contains(trace_key), loading.texts.contains(trace_key));
            if !has_row {
                state.set_row(&summary);
            }
            if !has_texts {
                state.set_texts(trace_key, &texts);
            }
        }
    }

    /// Says how loading ended. After that the table is complete, or empty and of no use.
    pub(super) fn end_loading(&self, outcome: Outcome) {
        let mut state = self.write();
        match outcome {
            Outcome::Loaded => state.loading = None,
            Outcome::GivenUp => state.chunks.clear(),
        }
        *self.outcome.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.outcome.1.notify_all();
    }

    /// Waits until loading ends; returns whether the table is complete then.
    pub(crate) fn wait_loaded(&self) -> bool {
        let outcome = self.outcome.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = self.outcome.1.wait_while(outcome, |outcome| outcome.is_none());
        *ended.unwrap_or_else(PoisonError::into_inner) == Some(Outcome::Loaded)
    }

    fn outcome(&self) -> Option<Outcome> {
        *self.outcome.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many traces there are, and about how many bytes they take.
    pub(crate) fn size(&self) -> (usize, usize) {
        let state = self.read();
        let chunks = state.chunks.iter().map(|(_, chunk)| chunk.memory_bytes()).sum::<usize>();
        let texts = state.dictionaries.iter().map(Dictionary::memory_bytes).sum::<usize>();
        (state.chunks.iter().map(|(_, chunk)| chunk.live.count()).sum(), chunks + texts)
    }

    /// Loads the tags of those of the resources that are not here yet.
    fn load_resources(&self, conn: &Connection, ids: impl Iterator<Item = i64>) -> Vec<(i64, ResourceTags)> {
        let unknown: HashSet<i64> = {
            let state = self.read();
            if state.resources.len() >= RESOURCES_MAX {
                return Vec::new();
            }
            ids.filter(|id| !state.resource_codes.contains_key(id)).collect()
        };
        let mut loaded = Vec::new();
        for id in unknown {
            match load_resource(conn, id) {
                Ok(tags) => loaded.push((id, tags)),
                // Its traces are looked up in the index.
                Err(error) => tracing::error!(error = %error, "cannot load the tags of resource {id}"),
            }
        }
        loaded
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load_resource(conn: &Connection, id: i64) -> StoreResult<ResourceTags> {
    let tags: Option<Option<String>> = conn
        .prepare_cached("SELECT tags FROM interned WHERE interned_id = ?1")
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)).optional())
        .map_err(sql_error)?;
    let Some(json) = tags.flatten() else { return Ok(ResourceTags::new()) };
    serde_json::from_str(&json)
        .map_err(|error| damaged(format!("the tags of interned message {id} are not a JSON object: {error}")))
}

impl State {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Row(summary) => {
                self.note(summary.trace_key, false);
                self.set_row(&summary);
            }
            Change::Added(summary, texts) => {
                self.note(summary.trace_key, false);
                self.set_row(&summary);
                self.add_texts(summary.trace_key, &texts);
            }
            Change::Whole(summary, texts) => {
                self.note(summary.trace_key, true);
                self.set_row(&summary);
                self.set_texts(summary.trace_key, &texts);
            }
            Change::Deleted(trace_key) => {
                self.note(trace_key, true);
                self.delete(trace_key);
            }
        }
    }

    /// Takes texts out of dictionaries that no trace has any more, where that is worth it.
    fn sweep(&mut self) {
        for field in 0..self.dictionaries.len() {
            if self.dictionaries[field].is_sweep_due() {
                self.sweep_field(field);
            }
        }
    }

    fn sweep_field(&mut self, field: usize) {
        let dictionary = &mut self.dictionaries[field];
        let mut used = Used::none_of(dictionary);
        let number = field as u16;
        for (_, chunk) in &self.chunks {
            chunk.text(number).into_iter().for_each(|column| column.each_code(|code| used.note(code)));
        }
        let before = dictionary.text_bytes();
        let Some(codes) = dictionary.sweep(&used) else { return };
        self.text_bytes -= before - dictionary.text_bytes();
        // Readers keep the chunks that they hold, with the texts that these refer to.
        let chunks = self.chunks.iter_mut().filter(|(_, chunk)| chunk.text(number).is_some());
        chunks.for_each(|(_, chunk)| Arc::make_mut(chunk).recode(number, &codes));
    }

    fn note(&mut self, trace_key: i64, with_texts: bool) {
        if let Some(loading) = &mut self.loading {
            loading.rows.insert(trace_key);
            if with_texts {
                loading.texts.insert(trace_key);
            }
        }
    }

    fn set_row(&mut self, summary: &Summary) {
        let texts = [
            (NAME, &summary.name),
            (SESSION, &summary.session),
            (USER, &summary.user),
            (CLIENT_REQUEST_ID, &summary.client_request_id),
        ];
        let codes = texts.map(|(field, text)| (field, self.code(field, text.as_deref())));
        let resource = self.resource_code(summary.resource_id);
        let (chunk, row) = self.chunk_mut(summary.trace_key);
        chunk.set_numbers(row, summary, resource);
        codes.into_iter().for_each(|(field, code)| chunk.set_text(row, field, code));
    }

    fn set_texts(&mut self, trace_key: i64, texts: &[(Field, String)]) {
        let (chunk, row) = self.chunk_mut(trace_key);
        chunk.clear_texts(row, |field| field > CLIENT_REQUEST_ID);
        chunk.untracked.set(row, false);
        self.add_texts(trace_key, texts);
    }

    fn add_texts(&mut self, trace_key: i64, texts: &[(Field, String)]) {
        for (field, text) in texts {
            let field = self.field(field);
            let code = field.map(|field| (field, self.code(field, Some(text))));
            let (chunk, row) = self.chunk_mut(trace_key);
            match code {
                Some((field, code)) => chunk.set_text(row, field, code),
                None => chunk.untracked.set(row, true),
            }
        }
    }

    fn delete(&mut self, trace_key: i64) {
        let (number, row) = place(trace_key);
        let Ok(at) = self.chunks.binary_search_by_key(&number, |(number, _)| *number) else { return };
        let chunk = Arc::make_mut(&mut self.chunks[at].1);
        chunk.live.set(row, false);
        chunk.clear_texts(row, |_| true);
        if chunk.live.is_empty() {
            self.chunks.remove(at);
        }
    }

    /// Returns the chunk of a trace, which becomes another one if readers hold it.
    fn chunk_mut(&mut self, trace_key: i64) -> (&mut Chunk, usize) {
        let (number, row) = place(trace_key);
        let at = match self.chunks.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(at) => at,
            Err(at) => {
                self.chunks.insert(at, (number, Arc::default()));
                at
            }
        };
        (Arc::make_mut(&mut self.chunks[at].1), row)
    }

    fn code(&mut self, field: u16, text: Option<&str>) -> Code {
        let Some(text) = text else { return 0 };
        let dictionary = &mut self.dictionaries[usize::from(field)];
        let before = dictionary.text_bytes();
        let code = dictionary.code(text, TEXT_BYTES_MAX.saturating_sub(self.text_bytes));
        self.text_bytes += dictionary.text_bytes() - before;
        code
    }

    /// Returns the number of a field, giving it one if there is room.
    fn field(&mut self, field: &Field) -> Option<u16> {
        if let Some(number) = self.fields.get(field) {
            return Some(*number);
        }
        if self.fields.len() >= FIELDS_MAX {
            return None;
        }
        let number = self.fields.len() as u16;
        Arc::make_mut(&mut self.fields).insert(field.clone(), number);
        self.dictionaries.push(Dictionary::default());
        Some(number)
    }

    fn add_resources(&mut self, resources: Vec<(i64, ResourceTags)>) {
        for (id, tags) in resources {
            if !self.resource_codes.contains_key(&id) && self.resources.len() < RESOURCES_MAX {
                Arc::make_mut(&mut self.resources).push(Arc::new(tags));
                self.resource_codes.insert(id, self.resources.len() as ResourceCode);
            }
        }
    }

    fn resource_code(&self, id: Option<i64>) -> ResourceCode {
        id.map_or(0, |id| self.resource_codes.get(&id).copied().unwrap_or(UNKNOWN_RESOURCE))
    }
}
