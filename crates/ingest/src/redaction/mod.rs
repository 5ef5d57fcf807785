//! Secrets and personal data are replaced here, before anything is derived, stored, indexed or logged.
//!
//! Rules belong to experiments; those without rules of their own have the default ones of the configuration. If the rules
//! can't be read, nothing is taken in.

mod book;
mod catalog;
mod record;
mod request;

pub(crate) use book::Book;
pub use catalog::RecordTexts;
pub(crate) use request::RequestRewriter;

use crate::IngestError;
use spanwise_model::{ErrorKind, ExperimentId};
use spanwise_redact::{HashKey, Redactor, RuleError, Rules, Tally};
use spanwise_store::{Store, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The rules of all experiments, and how much they replaced.
pub struct Redaction {
    store: Arc<dyn Store>,
    default: Rules,
    key: Option<HashKey>,
    /// `None` until they are asked for.
    book: RwLock<Option<Arc<Book>>>,
    /// Held while rules are loaded or changed.
    changing: tokio::sync::Mutex<()>,
    counts: Mutex<HashMap<ExperimentId, Tally>>,
}

/// The rules that hold for an experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesInForce {
    /// What is looked for.
    pub rules: Rules,
    /// Whether they are the experiment's own, rather than the default ones.
    pub is_own: bool,
}

impl Redaction {
    pub(crate) fn new(store: Arc<dyn Store>, default: Rules, key: Option<HashKey>) -> Redaction {
        Redaction {
            store,
            default,
            key,
            book: RwLock::new(None),
            changing: tokio::sync::Mutex::new(()),
            counts: Mutex::default(),
        }
    }

    /// Returns the rules that hold for experiments without rules of their own.
    pub fn default_rules(&self) -> &Rules {
        &self.default
    }

    /// Returns the rules of an experiment.
    ///
    /// # Errors
    /// `NotFound` if there is no such experiment; `Unavailable` if the rules can't be read.
    pub async fn rules(&self, id: ExperimentId) -> Result<RulesInForce, IngestError> {
        self.store.get_experiment(id).await?;
        let own = self.book().await?.own_rules(id).cloned();
        let is_own = own.is_some();
        Ok(RulesInForce { rules: own.unwrap_or_else(|| self.default.clone()), is_own })
    }

    /// Gives an experiment rules of its own, or takes them away; what is sent from then on is held to them.
    ///
    /// # Errors
    /// `InvalidArgument` if they can't be used; `NotFound` if there is no such experiment.
    pub async fn set_rules(&self, id: ExperimentId, rules: Option<&Rules>) -> Result<(), IngestError> {
        let text = match rules {
            Some(rules) => {
                Redactor::new(rules)?;
                Some(book::to_text(rules))
            }
            None => None,
        };
        let _changing = self.changing.lock().await;
        let known = self.loaded();
        // While the store and what is remembered differ, nothing must be taken in by the old rules.
        self.remember(None);
        self.store.set_redaction_rules(id, text.as_deref()).await?;
        self.load(known.as_deref()).await?;
        Ok(())
    }

    /// Compiles rules, to try them.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn compile(&self, rules: &Rules) -> Result<Redactor, RuleError> {
        Redactor::with_key(rules, self.key.clone())
    }

    /// Returns what was replaced in what was sent to an experiment, since the server started.
    pub fn counts(&self, id: ExperimentId) -> Tally {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned().unwrap_or_default()
    }

    /// Returns what redacts the texts that are sent to an experiment; `None` if it has no rules.
    ///
    /// # Errors
    /// `Unavailable` if the rules can't be read.
    pub async fn redactor(&self, id: ExperimentId) -> Result<Option<Arc<Redactor>>, IngestError> {
        Ok(self.book().await?.redactor(id))
    }

    /// Counts what was replaced in something that is stored by now.
    pub fn count(&self, id: ExperimentId, tally: &Tally) {
        if tally.is_empty() {
            return;
        }
        for (detector, count) in tally.iter() {
            let labels = [("detector", detector.to_owned()), ("experiment", id.to_string())];
            metrics::counter!("spanwise_redactions_total", &labels).increment(count);
        }
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().merge(tally);
    }

    /// Returns all rules, loading them the first time.
    pub(crate) async fn book(&self) -> Result<Arc<Book>, IngestError> {
        if let Some(book) = self.loaded() {
            return Ok(book);
        }
        let _changing = self.changing.lock().await;
        match self.loaded() {
            Some(book) => Ok(book),
            None => self.load(None).await,
        }
    }

    async fn load(&self, known: Option<&Book>) -> Result<Arc<Book>, IngestError> {
        let stored = self.store.redaction_rules().await?;
        let book = Book::load((&self.default, self.key.as_ref()), stored, known).map_err(|(id, error)| {
            let message = format!("the redaction rules of experiment {id} can't be used: {error}");
            StoreError::new(ErrorKind::Unavailable, message)
        })?;
        let book = Arc::new(book);
        self.remember(Some(Arc::clone(&book)));
        Ok(book)
    }

    fn loaded(&self) -> Option<Arc<Book>> {
        self.book.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, book: Option<Arc<Book>>) {
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = book;
    }
}
