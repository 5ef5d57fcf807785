//! The prices in force: kept in the index, and in memory for all who price spans.

use crate::error::{damaged, sql_error};
use crate::store::now_ns;
use crate::writer::Writer;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value};
use spanwise_genai::prices::{OVERRIDES_MAX, Override, PriceBook, PriceList, Prices};
use spanwise_model::{ErrorKind, ExperimentId};
use spanwise_store::{PriceChange, StoreError, StoreResult};
use std::sync::{Arc, PoisonError, RwLock};

/// The id that stands for all experiments.
const ALL_EXPERIMENTS: i64 = -1;

/// Holds the prices in force.
pub(crate) struct PriceKeeper {
    book: RwLock<Arc<PriceBook>>,
    /// Held while a change is made, so that none is based on what another replaces.
    turn: tokio::sync::Mutex<()>,
}

impl PriceKeeper {
    /// Reads what is kept.
    pub(crate) fn open(conn: &Connection) -> StoreResult<PriceKeeper> {
        let book = PriceBook::new(load_list(conn)?, load_overrides(conn)?);
        Ok(PriceKeeper { book: RwLock::new(Arc::new(book)), turn: tokio::sync::Mutex::default() })
    }

    /// Holds the built-in prices.
    pub(crate) fn built_in() -> PriceKeeper {
        let book = RwLock::new(Arc::new(PriceBook::built_in()));
        PriceKeeper { book, turn: tokio::sync::Mutex::default() }
    }

    /// Returns the prices in force.
    pub(crate) fn get(&self) -> Arc<PriceBook> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a change to its end, even if nobody waits for it any more: what is kept and what is in force must not differ.
    pub(crate) async fn change(self: Arc<Self>, writer: Arc<Writer>, change: PriceChange) -> StoreResult<()> {
        let work = async move {
            let _turn = self.turn.lock().await;
            let book = changed(&self.get(), &change)?;
            writer.write(move |context| save(context.conn, &change)).await?;
            *self.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
            Ok(())
        };
        let done = tokio::spawn(work).await;
        done.map_err(|error| {
            StoreError::with_source(ErrorKind::Internal, "a change of prices failed", error)
        })?
    }
}

/// Returns the book with a change made.
fn changed(book: &PriceBook, change: &PriceChange) -> StoreResult<PriceBook> {
    let mut overrides = book.overrides().to_vec();
    let mut list = Arc::clone(book.list());
    match change {
        PriceChange::Update(read) => list = Arc::clone(&read.list),
        PriceChange::Reset => list = PriceList::built_in(),
        PriceChange::Set(entry) => {
            overrides.retain(|other| !other.is_same(entry));
            if overrides.len() >= OVERRIDES_MAX {
                let message =
                    format!("there are {OVERRIDES_MAX} overrides of prices already; remove some first");
                return Err(StoreError::new(ErrorKind::Exhausted, message));
            }
            overrides.push(entry.clone());
        }
        PriceChange::Unset { experiment, provider, model } => {
            let entry = Override::new(*experiment, provider.as_deref(), model, Prices::default());
            let entry = entry.map_err(|error| StoreError::invalid(error.to_string()))?;
            let before = overrides.len();
            overrides.retain(|other| !other.is_same(&entry));
            if overrides.len() == before {
                return Err(StoreError::not_found(format!(
                    "there is no override of the price of `{model}` there"
                )));
            }
        }
    }
    Ok(PriceBook::new(list, overrides))
}

fn save(conn: &Connection, change: &PriceChange) -> StoreResult<()> {
    let done = match change {
        PriceChange::Update(read) => conn.execute(
            "INSERT OR REPLACE INTO price_list (list_id, updated_ns, text) VALUES (1, ?1, ?2)",
            (now_ns(), &read.text),
        ),
        PriceChange::Reset => conn.execute("DELETE FROM price_list", ()),
        PriceChange::Set(entry) => {
            let prices = Value::from(entry.row.prices.to_json()).to_string();
            conn.execute(
                "INSERT OR REPLACE INTO price_override (experiment_id, provider, model, prices) VALUES (?1, ?2, ?3, ?4)",
                (scope(entry.experiment), &entry.row.provider, entry.row.model.to_lowercase(), prices),
            )
        }
        PriceChange::Unset { experiment, provider, model } => {
            let entry = Override::new(*experiment, provider.as_deref(), model, Prices::default());
            let entry = entry.map_err(|error| StoreError::invalid(error.to_string()))?;
            conn.execute(
                "DELETE FROM price_override WHERE experiment_id = ?1 AND provider = ?2 AND model = ?3",
                (scope(*experiment), &entry.row.provider, entry.row.model.to_lowercase()),
            )
        }
    };
    done.map(drop).map_err(sql_error)
}

fn scope(experiment: Option<ExperimentId>) -> i64 {
    experiment.map_or(ALL_EXPERIMENTS, |id| id.0)
}

fn load_list(conn: &Connection) -> StoreResult<Arc<PriceList>> {
    let text: Option<String> =
        conn.query_row("SELECT text FROM price_list", (), |row| row.get(0)).optional().map_err(sql_error)?;
    let Some(text) = text else { return Ok(PriceList::built_in()) };
    match PriceList::read(&text, "", "") {
        Ok(read) => Ok(read.list),
        Err(error) => {
            // Traces are worth more than a list that can be loaded again.
            tracing::error!("the stored list of prices can't be read; the built-in one is used: {error}");
            Ok(PriceList::built_in())
        }
    }
}

fn load_overrides(conn: &Connection) -> StoreResult<Vec<Override>> {
    let mut select = conn
        .prepare("SELECT experiment_id, provider, model, prices FROM price_override")
        .map_err(sql_error)?;
    let rows = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    let rows: Vec<(i64, String, String, String)> = rows.and_then(Iterator::collect).map_err(sql_error)?;
    rows.into_iter()
        .map(|(scope, provider, model, prices)| {
            let experiment = (scope != ALL_EXPERIMENTS).then_some(ExperimentId(scope));
            let provider = Some(provider.as_str()).filter(|provider| !provider.is_empty());
            let prices: Map<String, Value> = serde_json::from_str(&prices)
                .map_err(|error| damaged(format!("the stored prices of `{model}`: {error}")))?;
            Prices::from_json(&prices)
                .and_then(|prices| Override::new(experiment, provider, &model, prices))
                .map_err(|error| damaged(format!("the stored prices of `{model}`: {error}")))
        })
        .collect()
}
