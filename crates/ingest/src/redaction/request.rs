//! The texts of an OTLP request, each by the rules of the experiment that its resource goes to.

use spanwise_otlp::{Place, Rewriter, ValueStep};
use spanwise_redact::{Redactor, Step, Tally};
use std::sync::Arc;

/// Redacts a request.
pub(crate) struct RequestRewriter {
    /// What redacts each resource of the request, in its order.
    redactors: Vec<Option<Arc<Redactor>>>,
    current: Option<Arc<Redactor>>,
    resource: usize,
    /// What was replaced under each resource.
    tallies: Vec<Tally>,
}

impl RequestRewriter {
    pub(crate) fn new(redactors: Vec<Option<Arc<Redactor>>>) -> RequestRewriter {
        let tallies = vec![Tally::default(); redactors.len()];
        RequestRewriter { redactors, current: None, resource: 0, tallies }
    }

    /// Returns what was replaced under each resource.
    pub(crate) fn into_tallies(self) -> Vec<Tally> {
        self.tallies
    }

    /// Asks the present redactor; without one, everything stays.
    fn ask<T>(&mut self, question: impl FnOnce(&Redactor, &mut Tally) -> Option<T>) -> Option<T> {
        let redactor = self.current.as_deref()?;
        question(redactor, self.tallies.get_mut(self.resource)?)
    }
}

impl Rewriter for RequestRewriter {
    fn begin_resource(&mut self, index: usize) {
        self.resource = index;
        self.current = self.redactors.get(index).cloned().flatten();
    }

    fn value(&mut self, place: &Place<'_>) -> Option<String> {
        self.ask(|redactor, tally| {
            let key = place.attribute.as_deref().filter(|_| place.steps.is_empty());
            let masked = key.and_then(|key| redactor.mask_key(key, tally));
            masked.or_else(|| redactor.mask_path(&steps(redactor, place), tally))
        })
    }

    fn text(&mut self, place: &Place<'_>, text: &str) -> Option<String> {
        self.ask(|redactor, tally| redactor.redact(place.key(), &steps(redactor, place), text, tally))
    }

    fn number(&mut self, place: &Place<'_>, digits: &str) -> Option<String> {
        self.ask(|redactor, tally| redactor.redact_number(place.key(), digits, tally))
    }

    fn bytes(&mut self, place: &Place<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
        self.ask(|redactor, tally| redactor.redact_bytes(place.key(), bytes, tally))
    }

    fn leaves_out(&mut self, field: &[u8]) -> bool {
        self.ask(|redactor, tally| redactor.redact_bytes(None, field, tally)).is_some()
    }
}

/// Returns the steps to a value, if any rule asks for them.
fn steps(redactor: &Redactor, place: &Place<'_>) -> Vec<Step> {
    if !redactor.has_paths() {
        return Vec::new();
    }
    let step = |step: &ValueStep<'_>| match step {
        ValueStep::Key(key) => Step::Key(key.to_string()),
        ValueStep::Index(index) => Step::Index(*index),
    };
    place.steps.iter().map(step).collect()
}
