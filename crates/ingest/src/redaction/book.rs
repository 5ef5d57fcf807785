//! The rules of all experiments, compiled.

use spanwise_model::ExperimentId;
use spanwise_redact::{HashKey, Redactor, Rules};
use std::collections::HashMap;
use std::sync::Arc;

/// Rules by experiment.
#[derive(Debug, Default)]
pub(crate) struct Book {
    own: HashMap<ExperimentId, Own>,
    default: Option<Arc<Redactor>>,
}

/// The rules of one experiment. Those that look for nothing turn the default ones off.
#[derive(Debug)]
struct Own {
    text: String,
    rules: Rules,
    redactor: Option<Arc<Redactor>>,
}

/// Writes rules as they are stored.
pub(crate) fn to_text(rules: &Rules) -> String {
    serde_json::to_string(rules).expect("rules are texts and lists of them")
}

impl Book {
    /// Compiles what is stored; what `known` has compiled already is taken from there. The error names the experiment whose
    /// rules can't be used.
    pub(crate) fn load(
        (default, key): (&Rules, Option<&HashKey>),
        stored: Vec<(ExperimentId, String)>,
        known: Option<&Book>,
    ) -> Result<Book, (ExperimentId, String)> {
        // Many experiments have the same rules.
        let mut compiled: HashMap<String, Option<Arc<Redactor>>> = HashMap::new();
        if let Some(known) = known {
            compiled.extend(known.own.values().map(|own| (own.text.clone(), own.redactor.clone())));
        }
        let default = match known.and_then(|known| known.default.clone()) {
            Some(redactor) => Some(redactor),
            None => compile(default, key).map_err(|error| (ExperimentId::DEFAULT, error))?,
        };
        let mut own = HashMap::with_capacity(stored.len());
        for (id, text) in stored {
            let rules: Rules = serde_json::from_str(&text).map_err(|error| (id, error.to_string()))?;
            let redactor = match compiled.get(&text) {
                Some(redactor) => redactor.clone(),
                None => compile(&rules, key).map_err(|error| (id, error))?,
            };
            compiled.insert(text.clone(), redactor.clone());
            own.insert(id, Own { text, rules, redactor });
        }
        Ok(Book { own, default })
    }

    /// Returns whether nothing is looked for anywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.default.is_none() && self.own.values().all(|own| own.redactor.is_none())
    }

    /// Returns the rules that an experiment has itself.
    pub(crate) fn own_rules(&self, id: ExperimentId) -> Option<&Rules> {
        self.own.get(&id).map(|own| &own.rules)
    }

    /// Returns what redacts the texts of an experiment.
    pub(crate) fn redactor(&self, id: ExperimentId) -> Option<Arc<Redactor>> {
        match self.own.get(&id) {
            Some(own) => own.redactor.clone(),
            None => self.default.clone(),
        }
    }

    /// Returns what redacts texts of which it is not known whose they are.
    pub(crate) fn default_redactor(&self) -> Option<&Arc<Redactor>> {
        self.default.as_ref()
    }
}

fn compile(rules: &Rules, key: Option<&HashKey>) -> Result<Option<Arc<Redactor>>, String> {
    if rules.is_empty() {
        return Ok(None);
    }
    let compiled = Redactor::with_key(rules, key.cloned());
    compiled.map(|redactor| Some(Arc::new(redactor))).map_err(|error| error.to_string())
}
